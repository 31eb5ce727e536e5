"""apply_batch: once, set-wise, and up to date with whatever is current."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from assets.models import AssetReference, Entity, Follow, Project
from propagation.execution.apply import apply_batch
from propagation.models import Event, PropagationItem, PropagationRun
from propagation.recovery.consistency import check_project
from tests.builders import (
    chain,
    change,
    drive,
    edges_production,
    get_entity,
    load,
    star,
)
from tests.properties import tried_on
from versions.models import Consumption, Head, Version, VersionInput
from versions.services.resolve import load_uses

pytestmark = pytest.mark.django_db


def start(code: str, **fields: Any) -> PropagationRun:  # noqa: ANN401 (any JSON value)
    """Change an entity and return its run, of which nothing is done."""
    run = change(code, **fields).run
    assert run is not None
    return run


def count_rows() -> list[int]:
    """Return how many rows there are of everything that a batch writes."""
    models = (Version, VersionInput, Head, Consumption, PropagationItem, Event)
    return [model.objects.count() for model in models]


def list_best_numbers() -> set[int]:
    """Return the numbers of the best versions, without that of the project itself."""
    heads = Head.objects.exclude(entity__kind="project")
    return set(heads.values_list("best__number", flat=True))


def count_statements(size: int) -> int:
    """Return how many SQL statements one batch of so many items takes."""
    load(star(size), code=f"film{size}")
    run = change("hero", f"film{size}", description="new").run
    assert run is not None
    with CaptureQueriesContext(
        connection,
    ) as captured:
        outcome = apply_batch(run_id=run.pk, number=0, at=timezone.now())
    assert outcome is not None
    assert outcome.applied == size
    return len(captured)


def test_the_number_of_statements_does_not_depend_on_the_size_of_the_batch() -> None:
    counts = {size: count_statements(size) for size in (1, 50, 500)}
    assert len(set(counts.values())) == 1, counts
    assert counts[500] <= 20  # with saying how far the run is, which is done 3 times in a second


def test_a_redelivered_batch_changes_nothing() -> None:
    load(star(3))
    run = start("hero", description="new")
    assert apply_batch(run_id=run.pk, number=0, at=timezone.now()) is not None
    before = count_rows()
    assert apply_batch(run_id=run.pk, number=0, at=timezone.now()) is None
    assert count_rows() == before


def test_a_propagated_version_keeps_its_content_and_records_only_what_moved() -> None:
    document = star(1)
    document["assets"].append({"id": "lamp", "type": "prop"})
    document["shots"][0]["visual_prompt"]["prop_references"] = ["lamp"]
    load(document)
    run = drive(start("hero", description="new"))
    first, second = Version.objects.filter(entity=get_entity("shot-00000")).order_by("number")
    assert second.content_id == first.content_id
    assert (second.origin, second.run_id) == ("propagated", run.pk)
    (given,) = second.inputs.all()
    assert given.source_version == Head.objects.get(entity=get_entity("hero")).best
    assert [(use.source_code, use.version_number) for use in load_uses(version=second)] == [
        ("hero", 2),
        ("lamp", 1),
    ]
    assert [(use.source_code, use.version_number) for use in load_uses(version=first)] == [
        ("hero", 1),
        ("lamp", 1),
    ]


def test_a_chain_is_rebuilt_in_one_pass_although_its_levels_share_batches() -> None:
    load(chain(2200))
    run = drive(start("a0", material="oak"))
    assert (run.status, run.total, run.batches.count()) == ("success", 2199, 2)
    assert list_best_numbers() == {2}
    assert not check_project(project=Project.objects.get()).exceptions


def test_a_batch_goes_by_levels_not_by_ids() -> None:
    """Created in reverse, so that each target has a lower id than what it uses."""
    document = chain(30)
    document["assets"].reverse()
    load(document)
    run = drive(start("a0", material="oak"))
    assert (run.total, run.batches.count()) == (29, 1)
    assert list_best_numbers() == {2}
    for consumed in Consumption.objects.all():
        assert consumed.version.number == 2


def test_many_paths_lead_to_one_new_version() -> None:
    diamonds = [
        edge
        for n in range(39)
        for edge in (
            (f"t{n}", f"l{n}"),
            (f"t{n}", f"r{n}"),
            (f"l{n}", f"t{n + 1}"),
            (f"r{n}", f"t{n + 1}"),
        )
    ]
    load(edges_production(diamonds))
    run = drive(start("t0", material="oak"))
    assert run.total == 117
    assert list_best_numbers() == {2}


def test_a_frozen_reference_never_moves_and_stops_the_wave() -> None:
    load(chain(3))
    AssetReference.objects.filter(source__code="a0").update(follow=Follow.FROZEN)
    run = drive(start("a0", material="oak"))
    assert dict(run.items.values_list("entity__code", "state")) == {"a1": "pinned"}
    assert Version.objects.exclude(entity__kind="project").count() == 4
    assert not check_project(project=Project.objects.get()).exceptions


def test_the_second_of_two_overlapping_runs_finds_nothing_to_do() -> None:
    """The first one rebuilds the target from what is current, which is the second's change too."""
    document = star(4)
    document["assets"].append({"id": "lamp", "type": "prop"})
    for shot in document["shots"]:
        shot["visual_prompt"]["prop_references"] = ["lamp"]
    load(document)
    first, second = start("hero", description="new"), start("lamp", material="tin")
    drive(first)
    assert {item.state for item in drive(second).items.all()} == {"unchanged"}
    assert set(Version.objects.filter(entity__kind="shot").values_list("number", flat=True)) == {
        1,
        2,
    }
    assert not check_project(project=Project.objects.get()).exceptions


nodes = st.integers(0, 9)
random_edges = st.frozensets(
    st.tuples(nodes, nodes).filter(lambda edge: edge[0] < edge[1]), min_size=1, max_size=25
)


@tried_on(12)
@given(
    pairs=random_edges,
    changes=st.lists(st.tuples(nodes, st.booleans()), min_size=1, max_size=6),
)
def test_any_changes_end_with_every_reference_at_its_sources_version(
    pairs: frozenset[tuple[int, int]], changes: list[tuple[int, bool]]
) -> None:
    """Runs overlap or not; afterwards all is as a clean rebuild would leave it."""
    Project.objects.filter(code="film").update(code=f"film-{Project.objects.count()}")
    load(edges_production((f"n{a}", f"n{b}") for a, b in pairs))
    codes = set(Entity.objects.filter(project__code="film").values_list("code", flat=True))
    waiting: list[PropagationRun] = []
    for index, (node, is_driven) in enumerate(changes):
        if f"n{node}" in codes:
            waiting.append(start(f"n{node}", take=index))
        if is_driven:
            waiting = [run for run in waiting if drive(run).is_active]
    for run in reversed(waiting):
        drive(run)
    consumptions = Consumption.objects.filter(reference__project__code="film")
    for consumed in consumptions.select_related("reference"):
        head = Head.objects.get(entity=consumed.reference.source_id)
        assert consumed.version_id == head.best_id
    assert not check_project(project=Project.objects.get(code="film")).exceptions
