"""Advance a run when a step is done, and finish it once.

The database decides: each move of a run is a compare-and-set on its generation, so that of any
number of callbacks, sweepers and redelivered messages exactly one acts.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Sum

from propagation.execution.closing import close_batches
from propagation.execution.leftovers import start_leftovers
from propagation.execution.messages import send_step
from propagation.execution.ready import select_ready
from propagation.execution.telling import tell_state
from propagation.live.events import News, record_events
from propagation.live.wake import signal_run
from propagation.models import PropagationRun, RunStatus
from propagation.models.run import WORKING_STATUSES

LONGEST_DELAY_S = 60
MOST_RESENDS = 1000
"""Counted no further; delays stopped growing long before."""


def continue_run(*, run_id: int, generation: int, at: datetime, is_overdue: bool = False) -> None:
    """Take the run's next action if it still is in that generation; else do nothing.

    Sends the batches of the current step that are not done; with none left, goes to the next
    step; after the last one, finishes the run. Of a run that is being cancelled nothing is sent;
    it is finished as soon as nobody works on it. What an attempt left undone is tried again after
    1, 2, 4 … seconds, from the start again once anything was done; is_overdue: at once.
    """
    with transaction.atomic():
        run = (
            PropagationRun.objects.select_for_update(no_key=True)
            .filter(
                pk=run_id,
                generation=generation,
                status__in=[*WORKING_STATUSES, RunStatus.CANCELLING],
            )
            .first()
        )
        if run is None:
            return
        is_cancelled = run.status == RunStatus.CANCELLING
        news = close_batches(run=run, at=at) if is_cancelled else []
        open_batches = run.batches.filter(done_at=None).order_by("step", "number")
        first = open_batches.first()
        if first is None:
            _finish(run=run, news=news, at=at)
            return
        numbers = list(
            select_ready(open_batches.filter(step=first.step)).values_list("number", flat=True)
        )
        if is_cancelled or not numbers:  # whoever works on the last of it calls again
            if news:
                record_events(project_id=run.project_id, news=news, at=at)
            return
        is_retry = run.dispatched_at is not None and run.step == first.step
        if is_retry and run.batches.filter(done_at__gte=run.dispatched_at).exists():
            run.resends = 0
        waits = is_retry and not is_overdue
        delay_s = min(2 ** min(run.resends, 10), LONGEST_DELAY_S) if waits else 0
        run.resends = min(run.resends + 1, MOST_RESENDS) if is_retry else 0
        run.step = first.step
        run.generation += 1
        run.status = RunStatus.RUNNING
        run.dispatched_at = at
        run.save(update_fields=["step", "generation", "status", "dispatched_at", "resends"])
        transaction.on_commit(
            partial(
                send_step,
                run_id=run_id,
                generation=run.generation,
                lane=first.lane,
                numbers=numbers,
                delay_s=delay_s,
            ),
            robust=True,
        )


def _finish(*, run: PropagationRun, news: Sequence[News], at: datetime) -> None:
    """Give the run its final status; the caller holds the lock on its row and found it active.

    What was linked to the run's targets while it ran, and is outdated now, gets a run of its own
    in the same transaction.
    """
    counts = run.batches.aggregate(
        failed=Sum("failed", default=0), applied=Sum("applied", default=0)
    )
    run.status = _judge(run=run, failed=counts["failed"])
    run.finished_at = at
    run.generation += 1
    run.save(update_fields=["status", "finished_at", "generation"])
    start_leftovers(run=run, at=at)
    told = [*news, *tell_state(run, more=counts)]
    record_events(project_id=run.project_id, news=told, at=at)
    transaction.on_commit(partial(signal_run, run_id=run.pk), robust=True)


def _judge(*, run: PropagationRun, failed: int) -> RunStatus:
    if run.status == RunStatus.CANCELLING:
        return RunStatus.CANCELLED
    if not failed:
        return RunStatus.SUCCESS
    return RunStatus.FAILED if failed == run.total else RunStatus.PARTIAL
