"""The sweep: what lost its message is sent again, by one sweeper, not too early."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from propagation.execution.advance import continue_run
from propagation.models import PropagationRun
from propagation.recovery.sweep import sweep
from tests.builders import change, drive, load, star

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost_run() -> PropagationRun:
    """Return a run whose first message was never sent: the transaction's hook did not run."""
    load(star(2))
    run = change("hero", description="new").run
    assert run is not None
    return run


def test_a_run_that_nobody_took_up_is_sent_again(lost_run: PropagationRun) -> None:
    soon = lost_run.created_at + timedelta(seconds=1)
    assert sweep(at=soon) == []
    assert sweep(at=soon + timedelta(seconds=2)) == [lost_run.pk]
    lost_run.refresh_from_db()
    assert (lost_run.status, lost_run.generation) == ("running", 1)


def test_each_resend_waits_twice_as_long(lost_run: PropagationRun) -> None:
    at = timezone.now()
    continue_run(run_id=lost_run.pk, generation=0, at=at)
    overdue = timedelta(seconds=settings.OVERDUE_S + 1)
    assert sweep(at=at + overdue / 2) == []
    assert sweep(at=at + overdue) == [lost_run.pk]
    assert sweep(at=at + 2 * overdue) == []
    assert sweep(at=at + 4 * overdue) == [lost_run.pk]


def test_a_finished_run_is_left_alone(lost_run: PropagationRun) -> None:
    drive(lost_run)
    assert sweep(at=timezone.now() + timedelta(days=1)) == []
