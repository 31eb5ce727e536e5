"""Runs are paused, resumed, cancelled and retried, and leave out what people name."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from assets.exceptions import RoleTooLowError
from assets.models import Project, Role
from propagation.exceptions import InvalidRunStateError
from propagation.execution.advance import continue_run
from propagation.execution.apply import apply_batch, fail_batch
from propagation.execution.attempt import attempt_batch
from propagation.execution.cause import Cause
from propagation.models import PropagationRun, RunKind, RunStatus
from propagation.recovery.consistency import check_project
from propagation.recovery.sweep import sweep
from propagation.services.change_references import Edge, change_references
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import propagate_change
from propagation.services.steer_run import (
    cancel_run,
    pause_run,
    resume_run,
    retry_run,
    skip_items,
)
from tests.builders import (
    chain,
    change,
    drive,
    edges_production,
    get_entity,
    load,
    make_cause,
    make_user,
    star,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_batches(settings: Any) -> None:  # noqa: ANN401 (pytest-django's)
    """Have batches of two, so that a run can be stopped between them."""
    settings.BATCH_SIZES = dict.fromkeys(settings.LANES, 2)


@pytest.fixture
def boss() -> User:
    return make_user("boss", is_superuser=True)


def start(code: str = "hero", **fields: Any) -> PropagationRun:  # noqa: ANN401 (any JSON value)
    """Change an entity and return its run, of which the first step is sent."""
    run = change(code, **(fields or {"colour": "red"})).run
    assert run is not None
    continue_run(run_id=run.pk, generation=0, at=timezone.now())
    run.refresh_from_db()
    return run


def count_states(run: PropagationRun) -> dict[str, int]:
    states = run.items.values_list("state", flat=True)
    return {state: list(states).count(state) for state in sorted(set(states))}


def apply(run: PropagationRun, number: int) -> object:
    return apply_batch(run_id=run.pk, number=number, at=timezone.now())


def is_consistent() -> bool:
    return not check_project(project=Project.objects.get(code="film")).exceptions


def test_a_paused_run_starts_nothing_and_goes_on_where_it_was(boss: User) -> None:
    load(star(6))
    run = start()
    assert apply(run, 0) is not None
    pause_run(run_id=run.pk, actor=boss, at=timezone.now())
    assert pause_run(run_id=run.pk, actor=boss, at=timezone.now()).status == RunStatus.PAUSED
    assert apply(run, 1) is None
    attempt_batch(run_id=run.pk, number=1, at=timezone.now())
    assert run.batches.get(number=1).deliveries == 0
    continue_run(run_id=run.pk, generation=run.generation, at=timezone.now())
    assert sweep(at=timezone.now() + timedelta(days=1)) == []
    assert count_states(run) == {"applied": 2, "queued": 4}
    assert is_consistent()
    resume_run(run_id=run.pk, actor=boss, at=timezone.now())
    assert drive(run).status == RunStatus.SUCCESS
    assert count_states(run) == {"applied": 6}
    assert is_consistent()


def test_what_was_sent_before_a_pause_comes_to_nothing_after_it(boss: User) -> None:
    load(star(6))
    run = start()
    pause_run(run_id=run.pk, actor=boss, at=timezone.now())
    resume_run(run_id=run.pk, actor=boss, at=timezone.now())
    continue_run(run_id=run.pk, generation=run.generation, at=timezone.now())
    resumed = PropagationRun.objects.get(pk=run.pk)
    assert resumed.generation == run.generation + 1
    assert resumed.dispatched_at is None


def test_a_cancelled_run_keeps_what_it_did_and_shows_what_it_did_not(boss: User) -> None:
    load(star(6))
    run = start()
    apply(run, 0)
    cancelled = cancel_run(run_id=run.pk, actor=boss, at=timezone.now())
    assert cancelled.status == RunStatus.CANCELLED
    assert cancelled.finished_at is not None
    assert count_states(run) == {"applied": 2, "cancelled": 4}
    assert apply(run, 1) is None
    found = check_project(project=run.project)
    assert (found.exceptions, found.excused) == ((), 4)


def test_a_cancelled_run_is_taken_up_again_by_a_retry(boss: User) -> None:
    load(star(6))
    run = start()
    apply(run, 0)
    cancel_run(run_id=run.pk, actor=boss, at=timezone.now())
    again = retry_run(run_id=run.pk, actor=boss, at=timezone.now())
    assert (again.attempts, again.status, again.finished_at) == (2, RunStatus.RUNNING, None)
    assert drive(run).status == RunStatus.SUCCESS
    assert count_states(run) == {"applied": 6}
    assert sum(run.batches.values_list("size", flat=True)) == 6
    found = check_project(project=run.project)
    assert (found.exceptions, found.excused) == ((), 0)


def test_a_retry_does_what_failed_and_what_was_built_on_it(boss: User) -> None:
    load(chain(6))
    run = start("a0")
    while run.is_active:
        for batch in run.batches.filter(done_at=None, step=run.step):
            if batch.items.filter(entity__code="a3").exists():
                fail_batch(run_id=run.pk, number=batch.number, error="no disk", at=timezone.now())
            else:
                apply(run, batch.number)
        continue_run(run_id=run.pk, generation=run.generation, at=timezone.now())
        run.refresh_from_db()
    assert run.status == RunStatus.PARTIAL
    assert count_states(run) == {"applied": 2, "failed": 2, "unchanged": 1}
    retry_run(run_id=run.pk, actor=boss, at=timezone.now())
    assert drive(run).status == RunStatus.SUCCESS
    assert count_states(run) == {"applied": 5}
    assert set(run.items.values_list("before__number", "version__number")) == {(1, 2)}
    assert is_consistent()


def test_what_a_retry_leaves_as_it_is_keeps_its_version(boss: User) -> None:
    """B was built although a failed; at the second attempt a fails again."""
    load(edges_production([("x", "a"), ("a", "b"), ("x", "b")]))
    run = start("x")
    for _ in range(2):
        while run.is_active:
            for batch in run.batches.filter(done_at=None, step=run.step):
                if batch.items.filter(entity__code="a").exists():
                    run.items.filter(entity__code="a").update(state="failed")
                    batch.failed = 1
                    batch.save()
                apply(run, batch.number)
            continue_run(run_id=run.pk, generation=run.generation, at=timezone.now())
            run.refresh_from_db()
        assert count_states(run) == {"applied": 1, "failed": 1}
        assert run.items.filter(entity__code="b", version__number=2).exists()
        if run.attempts == 1:
            run = retry_run(run_id=run.pk, actor=boss, at=timezone.now())
            assert count_states(run) == {"queued": 2}


def test_what_is_skipped_stays_outdated_and_the_rest_is_done(boss: User) -> None:
    load(star(6))
    run = start()
    apply(run, 0)
    ids = [get_entity(f"shot-0000{index}").pk for index in (0, 3)]
    outcome = skip_items(run_id=run.pk, entity_ids=ids, actor=boss, at=timezone.now())
    assert (outcome.skipped, outcome.too_late) == (1, 1)
    assert drive(run).status == RunStatus.SUCCESS
    assert count_states(run) == {"applied": 5, "skipped": 1}
    found = check_project(project=run.project)
    assert (found.exceptions, found.excused) == ((), 1)


def test_a_newer_change_takes_over_what_an_older_run_has_not_started() -> None:
    load(star(6))
    older = start(colour="red")
    apply(older, 0)
    newer = start(colour="blue")
    older.refresh_from_db()
    assert (older.status, older.superseded_by_id) == (RunStatus.CANCELLING, newer.pk)
    assert count_states(older) == {"applied": 2, "superseded": 4}
    assert drive(older).status == RunStatus.CANCELLED
    assert drive(newer).status == RunStatus.SUCCESS
    assert count_states(newer) == {"applied": 6}
    assert is_consistent()


def test_a_run_is_taken_over_wholly_or_not_at_all() -> None:
    """A note reaches nobody here, so the colour still has to."""
    load(star(6))
    older = start(colour="red")
    newer = change("hero", notes="late").run
    assert newer is not None
    older.refresh_from_db()
    assert older.superseded_by is None
    assert drive(older).status == RunStatus.SUCCESS
    assert is_consistent()


def test_a_run_that_is_over_cannot_be_steered(boss: User) -> None:
    load(star(2))
    run = drive(start())
    for steer in (pause_run, resume_run, cancel_run, retry_run):
        with pytest.raises(InvalidRunStateError):
            steer(run_id=run.pk, actor=boss, at=timezone.now())
    with pytest.raises(InvalidRunStateError):
        skip_items(run_id=run.pk, entity_ids=[1], actor=boss, at=timezone.now())


def test_a_run_that_is_under_way_cannot_be_retried(boss: User) -> None:
    load(star(2))
    run = start()
    with pytest.raises(InvalidRunStateError, match="not over"):
        retry_run(run_id=run.pk, actor=boss, at=timezone.now())


def test_who_started_a_run_may_steer_it_and_others_must_be_supervisors() -> None:
    load(star(2))
    run = start()
    artist = make_user("ann", roles={"film": Role.ARTIST})
    with pytest.raises(RoleTooLowError):
        pause_run(run_id=run.pk, actor=artist, at=timezone.now())
    run.actor = artist
    run.save()
    assert pause_run(run_id=run.pk, actor=artist, at=timezone.now()).status == RunStatus.PAUSED
    chief = make_user("bob", roles={"film": Role.SUPERVISOR})
    assert cancel_run(run_id=run.pk, actor=chief, at=timezone.now()).status == RunStatus.CANCELLED


def test_a_batch_of_which_all_is_skipped_does_not_hold_up_its_run(boss: User) -> None:
    load(chain(5))
    run = start("a0")
    first = run.batches.get(number=0)
    ids = list(first.items.values_list("entity_id", flat=True))
    skip_items(run_id=run.pk, entity_ids=ids, actor=boss, at=timezone.now())
    assert drive(run).status == RunStatus.SUCCESS
    assert set(count_states(run)) == {"skipped", "unchanged"}


def test_a_repair_takes_over_nobody_and_leaves_what_a_person_left(boss: User) -> None:
    """While the first run is under way the graph moves, and a second run takes it over."""
    load(edges_production([("x", "a"), ("x", "b"), ("x", "c"), ("y", "d")]))
    older = start("x", colour="red")
    edge = Edge(source=get_entity("y"), target=get_entity("c"))
    outcome = change_references(added=[edge], cause=make_cause(), at=timezone.now())
    assert outcome.run is not None
    excluded = frozenset({get_entity("b").pk})
    newer = propagate_change(
        change=Change(entity=get_entity("x"), data={"colour": "blue"}),
        cause=Cause(kind=RunKind.CHANGE, actor=None, excluded=excluded),
        at=timezone.now(),
    ).run
    assert newer is not None
    for run in (older, newer):
        drive(run)
    while left := PropagationRun.objects.filter(finished_at=None).first():
        drive(left)
    newer.refresh_from_db()
    assert newer.superseded_by is None
    states = dict(newer.items.values_list("entity__code", "state"))
    assert states["b"] == "ignored"
    assert is_consistent()


def test_a_hold_outlives_a_change_that_its_target_does_not_follow() -> None:
    load(edges_production([("x", "c"), ("y", "c")]))
    Project.objects.get().entities.filter(code="c").update(is_locked=True)
    start("x", colour="red")
    Project.objects.get().references.filter(source__code="y").update(follow="frozen")
    start("y", colour="red")
    held = PropagationRun.objects.filter(items__state="held")
    assert held.count() == 1
    assert is_consistent()
