"""The sweep: what does not go on by itself is taken up again, by one sweeper, not too early."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from pytest_django import Settings

from propagation.execution.advance import continue_run
from propagation.execution.apply import apply_batch
from propagation.live.memory import KEPT_S, find_forgotten, mark_step
from propagation.live.redis import connect
from propagation.models import PropagationRun
from propagation.recovery.sweep import SENT_OVERDUE_S, sweep
from propagation.services.steer_run import skip_items
from tests.builders import change, drive, get_entity, load, make_user, star

pytestmark = pytest.mark.django_db
SOON = timedelta(seconds=SENT_OVERDUE_S + 0.1)
OVERDUE = timedelta(seconds=settings.OVERDUE_S + 1)


@pytest.fixture
def lost_run() -> PropagationRun:
    """Return a run whose first message was never sent: the transaction's hook did not run."""
    load(star(2))
    run = change("hero", description="new").run
    assert run is not None
    return run


@pytest.fixture
def sent_run(lost_run: PropagationRun) -> PropagationRun:
    """Return a run whose step was sent, as Redis remembers."""
    return send(lost_run, timezone.now())


def send(run: PropagationRun, at: datetime) -> PropagationRun:
    """Take the run's next action; the mark that goes with it is left by a hook of the commit."""
    continue_run(run_id=run.pk, generation=run.generation, at=at)
    run.refresh_from_db()
    mark_step(run_id=run.pk, generation=run.generation)
    return run


def test_a_run_that_nobody_took_up_is_sent_again(lost_run: PropagationRun) -> None:
    assert sweep(at=lost_run.created_at + SOON / 2) == []
    assert sweep(at=lost_run.created_at + SOON) == [lost_run.pk]
    lost_run.refresh_from_db()
    assert (lost_run.status, lost_run.generation) == ("running", 1)


def test_each_resend_waits_twice_as_long(sent_run: PropagationRun) -> None:
    at = sent_run.dispatched_at
    assert at
    assert sweep(at=at + OVERDUE / 2) == []
    assert sweep(at=at + OVERDUE) == [sent_run.pk]
    sent_run.refresh_from_db()
    mark_step(run_id=sent_run.pk, generation=sent_run.generation)
    assert sweep(at=at + 2 * OVERDUE) == []
    assert sweep(at=at + 4 * OVERDUE) == [sent_run.pk]


def test_a_step_that_redis_forgot_is_sent_again_at_once(sent_run: PropagationRun) -> None:
    at = sent_run.dispatched_at
    assert at
    with connect() as client:
        mark = f"{settings.REDIS_PREFIX}sent:{sent_run.pk}:{sent_run.generation}"
        assert 0 < client.ttl(mark) <= KEPT_S
        client.delete(mark)
    assert find_forgotten([(sent_run.pk, sent_run.generation)]) == {sent_run.pk}
    assert sweep(at=at + SOON / 2) == []
    assert sweep(at=at + SOON) == [sent_run.pk]


def test_a_step_that_is_done_is_followed_by_the_next_when_its_chord_was_lost(
    sent_run: PropagationRun,
) -> None:
    apply_batch(run_id=sent_run.pk, number=0, at=timezone.now())
    assert sweep(at=timezone.now()) == [sent_run.pk]
    sent_run.refresh_from_db()
    assert sent_run.status == "success"


def test_a_run_of_which_all_was_left_out_before_it_began_ends(lost_run: PropagationRun) -> None:
    shots = [get_entity(f"shot-{number:05}").pk for number in range(2)]
    boss = make_user("boss", is_superuser=True)
    skip_items(run_id=lost_run.pk, entity_ids=shots, actor=boss, at=timezone.now())
    assert sweep(at=timezone.now()) == [lost_run.pk]
    lost_run.refresh_from_db()
    assert lost_run.status == "success"


def test_what_was_done_since_makes_the_next_wait_short_again(settings: Settings) -> None:
    """A step that goes on, if slowly, is not one whose messages are lost again and again."""
    settings.BATCH_SIZES = {"batch": 500}
    load(star(1000), code="large")
    large = change("hero", "large", description="new").run
    assert large
    at = timezone.now()
    for _ in range(3):
        send(large, at)
    assert large.resends == 2
    at += timedelta(seconds=1)
    apply_batch(run_id=large.pk, number=0, at=at)
    assert send(large, at).resends == 1
    assert sweep(at=at + OVERDUE) == []
    assert sweep(at=at + 2 * OVERDUE) == [large.pk]


def test_without_redis_nothing_is_sent_and_what_is_done_ends(
    sent_run: PropagationRun, settings: Settings
) -> None:
    load(star(2), code="other")
    other = change("hero", "other", description="new").run
    assert other
    send(other, timezone.now())
    apply_batch(run_id=other.pk, number=0, at=timezone.now())
    settings.REDIS = replace(settings.REDIS, client="redis://127.0.0.1:1")
    assert sweep(at=timezone.now() + timedelta(days=1)) == [other.pk]
    sent_run.refresh_from_db()
    assert sent_run.generation == 1


def test_a_finished_run_is_left_alone(lost_run: PropagationRun) -> None:
    drive(lost_run)
    assert sweep(at=timezone.now() + timedelta(days=1)) == []
