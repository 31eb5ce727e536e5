"""Runs: step by step, finished once, and honest about what failed."""

import pytest
from django.utils import timezone

from assets.models import Project
from propagation.execution.advance import continue_run
from propagation.execution.attempt import attempt_batch
from propagation.models import Event, PropagationRun, RunKind
from propagation.recovery.consistency import check_project
from propagation.services.change_references import Edge, change_references
from tests.builders import chain, change, drive, get_entity, load, make_cause, star
from versions.models import Head, Version

pytestmark = pytest.mark.django_db


def test_a_run_is_finished_once_however_many_callbacks_come() -> None:
    load(star(2))
    run = change("hero", description="new").run
    assert run is not None
    generation = drive(run).generation
    for stale in range(generation + 2):
        continue_run(run_id=run.pk, generation=stale, at=timezone.now())
    states = Event.objects.filter(type="run_state", run_id=run.pk).order_by("seq")
    assert [event.payload["status"] for event in states] == ["accepted", "success"]


def test_a_stale_callback_does_not_send_the_step_again() -> None:
    load(star(2))
    run = change("hero", description="new").run
    assert run is not None
    continue_run(run_id=run.pk, generation=0, at=timezone.now())
    continue_run(run_id=run.pk, generation=0, at=timezone.now())
    run.refresh_from_db()
    assert (run.generation, run.status) == (1, "running")


def test_a_change_that_affects_nothing_is_finished_at_once() -> None:
    load(chain(2))
    run = change("a1", material="tin").run
    assert run is not None
    assert (run.status, run.total) == ("success", 0)


def test_a_change_of_nothing_writes_nothing() -> None:
    load(star(2))
    before = (Version.objects.count(), Event.objects.count())
    outcome = change("hero", description="as cast")
    assert outcome.run is None
    assert (Version.objects.count(), Event.objects.count()) == before
    assert outcome.version_numbers == {get_entity("hero").pk: 1}


def test_items_that_cannot_be_done_fail_after_three_attempts_of_each() -> None:
    """Head rows are gone: damage that no retry mends. The chord ends and the run says failed."""
    load(star(2))
    run = change("hero", description="new").run
    assert run is not None
    Head.objects.filter(entity__kind="shot").delete()
    attempt_batch(run_id=run.pk, number=0, at=timezone.now())
    for number in (1, 2):  # each item by itself
        for _ in range(3):
            attempt_batch(run_id=run.pk, number=number, at=timezone.now())
    run = drive(run)
    assert run.status == "failed"
    assert [(item.state, item.version) for item in run.items.all()] == [("failed", None)] * 2
    assert all("KeyError" in item.error for item in run.items.all())


def test_what_is_linked_while_a_run_is_under_way_follows_too() -> None:
    """The plan was made before the reference existed, and the reference before the source moved."""
    document = chain(3)
    document["assets"].append({"id": "late", "type": "prop"})
    load(document)
    run = change("a0", material="oak").run
    assert run is not None
    change_references(
        added=[Edge(source=get_entity("a1"), target=get_entity("late"))],
        cause=make_cause(kind=RunKind.RELINK),
        at=timezone.now(),
    )
    drive(run)
    repair = PropagationRun.objects.get(kind=RunKind.REPAIR)
    drive(repair)
    assert not check_project(project=Project.objects.get()).exceptions
    assert Head.objects.get(entity=get_entity("late")).best.number == 3
