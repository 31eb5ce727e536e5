"""What was best at a time is what was best then, whatever came later."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from assets.models import Entity
from propagation.execution.advance import continue_run
from propagation.execution.apply import apply_batch
from propagation.models import PropagationRun, RunKind
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import propagate_change
from propagation.services.roll_back import roll_back
from tests.builders import choose_best, edges_production, get_entity, load, make_cause, make_media
from tests.properties import tried_on
from versions.models import Head, Version
from versions.services.as_of import existing_at, find_definitions_at, find_media_at
from versions.services.verify import Verification, verify_history

pytestmark = pytest.mark.django_db
BEGIN = datetime(2030, 3, 1, 12, tzinfo=UTC)
"""After any import that a test makes now."""
CODES = ("a", "b", "c")
SLOTS = ("image", "scene_video")
MINUTE = timedelta(minutes=1)

Best = dict[tuple[str, str], int]
"""The number of the best version by code and slot."""


@dataclass(frozen=True)
class Step:
    """Something that happens to an entity; which: a version, counted round those there are."""

    verb: str
    code: str
    slot: str = "definition"
    which: int = 0
    is_best: bool = False


steps = st.lists(
    st.builds(
        Step,
        verb=st.sampled_from(["change", "change", "best", "best", "back", "media"]),
        code=st.sampled_from(["a", "a", *CODES]),
        slot=st.sampled_from(SLOTS),
        which=st.integers(0, 9),
        is_best=st.booleans(),
    )
    | st.builds(
        Step,
        verb=st.just("best"),
        code=st.sampled_from(["a", "a", *CODES]),
        slot=st.just("definition"),
        which=st.integers(0, 9),
    ),
    max_size=10,
)


def run_at(run: PropagationRun | None, at: datetime) -> None:
    """Do what the workers would do for the run at that time."""
    while run is not None and run.is_active:
        continue_run(run_id=run.pk, generation=run.generation, at=at)
        run.refresh_from_db()
        for number in run.batches.filter(done_at=None).values_list("number", flat=True):
            apply_batch(run_id=run.pk, number=number, at=at)


def edit(code: str, value: int, at: datetime) -> None:
    """Change an entity at a time, and bring along what uses it."""
    change = Change(entity=get_entity(code), data={"value": value})
    run_at(propagate_change(change=change, cause=make_cause(), at=at).run, at)


def take(step: Step, at: datetime, value: int) -> None:
    """Do what the step says."""
    slot = "definition" if step.verb == "back" else step.slot
    if step.verb == "change":
        edit(step.code, value, at)
    elif step.verb == "media":
        make_media(step.code, step.slot, is_best=step.is_best, at=at)
    elif latest := Version.objects.filter(entity__code=step.code, slot=slot).count():
        number = step.which % latest + 1
        if step.verb == "best":
            run_at(choose_best(step.code, number, slot, at=at).run, at)
        else:
            cause = make_cause(kind=RunKind.ROLLBACK)
            entity = get_entity(step.code)
            run_at(roll_back(entity=entity, to_version=number, cause=cause, at=at).run, at)


def read_heads() -> Best:
    """Return what is best now."""
    heads = Head.objects.exclude(entity__kind="project")
    rows = heads.values_list("entity__code", "slot", "best__number")
    return {(code, slot): number for code, slot, number in rows}


def read_at(at: datetime) -> Best:
    """Return what was best at a time."""
    codes = dict(Entity.objects.filter(code__in=CODES).values_list("pk", "code"))
    definitions = find_definitions_at(entity_ids=list(codes), at=at)
    media = find_media_at(entity_ids=list(codes), at=at)
    found = [*definitions.values(), *(one for some in media.values() for one in some)]
    for one in found:
        version = Version.objects.get(pk=one.version_id)
        assert (version.entity_id, version.slot, version.number) == (
            one.entity_id, one.slot, one.number
        )  # fmt: skip
    return {(codes[one.entity_id], one.slot): one.number for one in found}


def check_clocks() -> None:
    """Check that within each slot no version is older than the one before it."""
    rows = Version.objects.order_by("entity_id", "slot", "number")
    newest: dict[Any, datetime] = {}
    for entity_id, slot, created_at in rows.values_list("entity_id", "slot", "created_at"):
        assert created_at >= newest.get((entity_id, slot), created_at)
        newest[entity_id, slot] = created_at


@tried_on(20)
@given(steps)
def test_at_every_instant_of_any_history_what_was_best_is_found(taken: list[Step]) -> None:
    with transaction.atomic():
        load(edges_production([("a", "b"), ("b", "c"), ("a", "c")]))
        model = {BEGIN: read_heads()}
        for index, step in enumerate(taken, start=1):
            at = BEGIN + index * MINUTE
            take(step, at, index)
            model[at] = read_heads()
        for at, expected in model.items():
            assert read_at(at) == expected
            assert read_at(at + MINUTE / 2) == expected
        check_clocks()
        project = get_entity("a").project
        assert not list(verify_history(project=project, done=Verification()))
        transaction.set_rollback(True)


@tried_on(20)
@given(steps, st.lists(st.integers(-3, 3), min_size=10, max_size=10))
def test_when_clocks_differ_versions_stay_in_order_and_the_end_is_what_is_now(
    taken: list[Step], jumps: list[int]
) -> None:
    """Hosts disagree about the time; what they leave behind is known all the same."""
    with transaction.atomic():
        load(edges_production([("a", "b"), ("b", "c"), ("a", "c")]))
        for index, (step, jump) in enumerate(zip(taken, jumps, strict=False)):
            take(step, BEGIN + jump * MINUTE, index)
            check_clocks()
        assert read_at(BEGIN + 9 * MINUTE) == read_heads()
        transaction.set_rollback(True)


@pytest.mark.parametrize("behind", [timedelta(), timedelta(milliseconds=5)])
def test_what_is_published_after_a_choice_is_best_although_its_request_came_first(
    behind: timedelta,
) -> None:
    """A request takes its time before it waits for the lock that the choice holds."""
    load(edges_production([("a", "b")]))
    edit("a", 1, BEGIN)
    choose_best("a", 1, at=BEGIN + MINUTE)
    edit("a", 2, BEGIN + MINUTE - behind)
    assert read_heads()["a", "definition"] == 3
    assert read_at(BEGIN + 2 * MINUTE)["a", "definition"] == 3


def test_before_its_first_version_nothing_existed() -> None:
    load(edges_production([("a", "b")]))
    before = Version.objects.order_by("created_at")[0].created_at - timedelta(microseconds=1)
    entities = Entity.objects.all()
    ids = list(entities.values_list("pk", flat=True))
    assert not existing_at(entities, at=before).exists()
    assert existing_at(entities, at=BEGIN).count() == 3
    assert find_definitions_at(entity_ids=ids, at=before) == {}
    make_media("a", at=BEGIN)
    assert find_media_at(entity_ids=ids, at=BEGIN - MINUTE) == {}
    assert not find_media_at(entity_ids=[], at=BEGIN)
    assert not find_definitions_at(entity_ids=[], at=BEGIN)


def test_a_version_counts_from_the_very_instant_when_it_was_made() -> None:
    load(edges_production([("a", "b")]))
    edit("a", 1, BEGIN)
    assert read_at(BEGIN)["a", "definition"] == 2
    assert read_at(BEGIN - timedelta(microseconds=1))["a", "definition"] == 1
