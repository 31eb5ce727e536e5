"""What nobody consumes touches nobody, and what somebody consumes reaches it, however far."""

from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from assets.models import AssetReference, Follow, Project
from propagation.models import PropagationItem, RunKind
from propagation.recovery.consistency import check_project
from propagation.services.change_references import Edge, change_references
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import preview_changes
from propagation.services.roll_back import roll_back
from propagation.services.set_best import set_best
from tests.builders import (
    chain,
    change,
    choose_best,
    drive,
    edges_production,
    get_entity,
    load,
    make_cause,
    make_media,
)
from tests.properties import tried_on
from versions.canonical import JsonObject
from versions.change import find_changes
from versions.facets import ALL_FACETS, CONSUMED, NO_FACETS, Facet, classify
from versions.models import FieldFacet, Head, Version
from versions.services.following import ReferenceState, read_states, with_followed
from versions.services.outdated_media import find_outdated_media
from versions.services.registry import get_all_best

pytestmark = pytest.mark.django_db

NODES = "abcde"


def act(code: str, **fields: Any) -> set[str]:  # noqa: ANN401 (any JSON value)
    """Change fields, do the run, and return the codes of its targets that got a version."""
    run = change(code, **fields).run
    assert run is not None
    drive(run)
    applied = PropagationItem.objects.filter(run=run, state="applied")
    assert applied.count() == run.total
    return set(applied.values_list("entity__code", flat=True))


def consume(source: str, target: str, facets: Facet) -> None:
    """Let the reference consume these facets, as a person says it."""
    edge = Edge(
        source=get_entity(source), target=get_entity(target), role="depends_on", facets=facets
    )
    outcome = change_references(added=[edge], cause=make_cause(), at=timezone.now())
    if outcome.run:
        drive(outcome.run)


def is_consistent() -> bool:
    return not check_project(project=Project.objects.get(code="film")).exceptions


def get_changed(code: str) -> Facet:
    """Return what is new in the best version."""
    return Facet(Head.objects.get(entity__code=code, slot="definition").best.changed)


def test_a_note_makes_a_version_and_reaches_nobody() -> None:
    load(chain(3))
    assert act("a0", notes="call the tailor") == set()
    assert Head.objects.get(entity__code="a0").best.number == 2
    assert get_changed("a0") == Facet.METADATA
    assert is_consistent()


def test_what_is_visual_reaches_all_and_is_visual_in_all() -> None:
    load(chain(3))
    assert act("a0", colour="red") == {"a1", "a2"}
    assert get_changed("a2") == Facet.VISUAL
    assert is_consistent()


def test_a_note_reaches_who_consumes_metadata_and_stops_behind_it() -> None:
    load(chain(4))
    consume("a0", "a1", ALL_FACETS)
    assert act("a0", notes="new") == {"a1"}
    consume("a1", "a2", ALL_FACETS)
    assert act("a0", notes="newer") == {"a1", "a2"}
    assert is_consistent()


def test_a_reference_that_consumes_nothing_is_never_outdated() -> None:
    load(chain(2))
    consume("a0", "a1", NO_FACETS)
    assert act("a0", colour="red") == set()
    assert is_consistent()


def test_to_consume_more_shows_what_was_missed() -> None:
    load(chain(2))
    act("a0", notes="first")
    consume("a0", "a1", ALL_FACETS)
    reference = AssetReference.objects.get(target__code="a1")
    assert reference.consumption.version == Head.objects.get(entity__code="a0").best
    assert is_consistent()


def test_a_rebuild_consumes_also_what_it_did_not_care_for() -> None:
    load(edges_production([("a", "c"), ("b", "c")]))
    assert act("a", notes="new") == set()
    assert act("b", colour="red") == {"c"}
    best = Head.objects.get(entity__code="c").best
    assert {one.source.code for one in best.inputs.all()} == {"a", "b"}
    assert get_changed("c") == Facet.VISUAL


def test_a_visual_change_under_a_note_is_not_lost() -> None:
    """The run of the first change finds the head at the second one's version."""
    load(chain(2))
    first = change("a0", colour="red").run
    second = change("a0", notes="new").run
    assert first
    assert second
    assert (first.total, second.total) == (1, 0)
    drive(first)
    assert AssetReference.objects.get().consumption.version.number == 3
    assert is_consistent()


def test_a_project_says_which_facet_a_field_belongs_to() -> None:
    load(chain(2))
    project = Project.objects.get(code="film")
    FieldFacet.objects.create(project=project, field="description", facet="metadata")
    assert act("a0", description="new") == set()
    FieldFacet.objects.create(
        project=project, entity_type="prop", field="description", facet="visual"
    )
    assert act("a0", description="newer") == {"a1"}


def test_a_reference_added_is_a_relationship_and_what_it_brings() -> None:
    load(edges_production([("a", "b"), ("c", "d")]))
    consume("c", "a", CONSUMED)
    assert get_changed("a") == Facet.RELATIONSHIP | CONSUMED


def test_an_import_is_classified_as_a_change_is() -> None:
    document = chain(2)
    document["assets"][0]["notes"] = "old"
    load(document)
    document["assets"][0]["notes"] = "new"
    report = load(document)
    assert report.run is not None
    assert (report.changed, report.run.total) == (1, 0)
    assert get_changed("a0") == Facet.METADATA
    assert is_consistent()


def test_ways_back_are_classified_too() -> None:
    load(chain(2))
    act("a0", notes="new")
    cause = make_cause(kind=RunKind.ROLLBACK, note="no")
    outcome = roll_back(entity=get_entity("a0"), to_version=1, cause=cause, at=timezone.now())
    assert outcome.run is not None
    assert (outcome.run.total, get_changed("a0")) == (0, Facet.METADATA)
    chosen = set_best(
        entity=get_entity("a0"), slot="definition", number=2, cause=cause, at=timezone.now()
    )
    assert chosen.run is not None
    assert chosen.run.total == 0
    assert is_consistent()


@tried_on(12)
@given(data=st.data())
def test_after_each_run_every_version_agrees_with_what_it_consumes(data: st.DataObject) -> None:
    """The plan holds just those that have something to consume, and afterwards nothing is left."""
    code = f"film{Project.objects.count()}"
    pairs = [(a, b) for i, a in enumerate(NODES) for b in NODES[i + 1 :]]
    chosen = data.draw(st.lists(st.sampled_from(pairs), min_size=3, unique=True))
    load(edges_production(chosen), code=code)
    project = Project.objects.get(code=code)
    for reference in AssetReference.objects.filter(project=project):
        facets = data.draw(st.integers(0, int(ALL_FACETS)))
        AssetReference.objects.filter(pk=reference.pk).update(facets=facets)
    project.graph_revision += 1
    project.save()
    present = sorted({node for pair in chosen for node in pair})
    for step in range(4):
        node = data.draw(st.sampled_from(present))
        field = data.draw(st.sampled_from(["colour", "notes", "image"]))
        fields: dict[str, Any] = {field: step}
        run = change(node, code, **fields).run
        assert run is not None
        drive(run)
        assert run.items.exclude(state="applied").count() == 0
        assert not check_project(project=project).exceptions


def drive_all(project: Project) -> None:
    """Do every run of the project, and those that start meanwhile."""
    while run := project.runs.filter(finished_at=None).order_by("pk").first():
        drive(run)


def list_overlooked(project: Project) -> list[str]:
    """Return the references whose source, as consumed, reads otherwise than as it is followed now.

    Told by the contents themselves, in the facets that the reference consumes.
    """

    def read(version_id: int | None) -> JsonObject:
        assert version_id is not None
        return Version.objects.get(pk=version_id).content.data

    def compare(one: ReferenceState) -> Facet:
        changes = find_changes(read(one.consumed_id), read(one.followed_id))
        return classify(found.field for found in changes)

    references = with_followed(AssetReference.objects.filter(project=project))
    return [
        f"{one.source_code} {one.role}"
        for one in read_states(references)
        if compare(one) & one.facets
    ]


def test_to_say_again_what_was_said_before_an_older_best_reaches_all() -> None:
    """The new version equals the latest one, but nobody uses that."""
    load(chain(2))
    act("a0", colour="red")
    run = choose_best("a0", 1).run
    assert run is not None
    drive(run)
    preview = preview_changes(
        changes=[Change(entity=get_entity("a0"), data={"colour": "red"})],
        cause=make_cause(),
        at=timezone.now(),
    )
    assert preview.plan is not None
    assert preview.plan.total == 1
    assert act("a0", colour="red") == {"a1"}
    assert get_changed("a0") == NO_FACETS
    assert is_consistent()
    assert not list_overlooked(Project.objects.get(code="film"))


def test_what_follows_the_latest_learns_that_the_next_was_made_from_the_best() -> None:
    """Nothing visual changed in a0, but the latest a1 loses its colour, which a2 follows."""
    load(chain(3))
    consume("a0", "a1", ALL_FACETS)
    edge = Edge(
        source=get_entity("a1"), target=get_entity("a2"), role="depends_on", follow=Follow.LATEST
    )
    change_references(added=[edge], cause=make_cause(), at=timezone.now())
    project = Project.objects.get(code="film")
    drive_all(project)
    act("a1", colour="red")
    choose_best("a1", Head.objects.get(entity__code="a1").best.number - 1)
    drive_all(project)
    assert act("a0", notes="new") == {"a1"}
    repair = project.runs.get(kind=RunKind.REPAIR)
    drive(repair)
    assert [item.entity.code for item in repair.items.filter(state="applied")] == ["a2"]
    assert is_consistent()
    assert not list_overlooked(project)


@tried_on(15)
@given(data=st.data())
def test_whatever_is_best_every_target_is_made_from_what_it_follows(data: st.DataObject) -> None:
    code = f"film{Project.objects.count()}"
    load(edges_production([("a", "b"), ("a", "c"), ("b", "c")]), code=code)
    project = Project.objects.get(code=code)
    for reference in AssetReference.objects.filter(project=project):
        AssetReference.objects.filter(pk=reference.pk).update(
            facets=data.draw(st.sampled_from([CONSUMED, ALL_FACETS, Facet.METADATA])),
            follow=data.draw(st.sampled_from([Follow.BEST, Follow.LATEST])),
        )
    project.graph_revision += 1
    project.save()
    for _ in range(6):
        node = data.draw(st.sampled_from("ab"))
        if data.draw(st.booleans()):
            field = data.draw(st.sampled_from(["colour", "notes"]))
            fields: dict[str, Any] = {field: data.draw(st.integers(0, 1))}
            change(node, code, **fields)
        else:
            latest = Head.objects.get(entity__project=project, entity__code=node).latest.number
            choose_best(node, data.draw(st.integers(1, latest)), project=code)
        if data.draw(st.booleans()):
            drive_all(project)
            assert not check_project(project=project).exceptions
            assert not list_overlooked(project)


def test_a_note_does_not_outdate_pictures_and_a_colour_does() -> None:
    load(chain(1))
    make_media("a0", "poster")
    project = Project.objects.get(code="film")
    act("a0", notes="new")
    best = get_all_best(entity_ids=[get_entity("a0").pk])
    assert not best[get_entity("a0").pk]["poster"].is_outdated
    assert not find_outdated_media(project=project).exists()
    act("a0", colour="red")
    best = get_all_best(entity_ids=[get_entity("a0").pk])
    assert best[get_entity("a0").pk]["poster"].is_outdated
    assert find_outdated_media(project=project).get().slot == "poster"
