"""Find runs that do not go on by themselves, and let them."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.db.models.functions import Coalesce, Greatest
from redis.exceptions import RedisError

from propagation.execution.advance import continue_run
from propagation.execution.ready import select_ready
from propagation.live.memory import find_forgotten
from propagation.models import PropagationBatch, PropagationRun, RunStatus
from propagation.models.run import WORKING_STATUSES

logger = logging.getLogger(__name__)

SENT_OVERDUE_S = 2.0
"""A run that nobody took up after this, or whose step Redis knows nothing of, was lost with it."""
LONGEST_WAIT = 32
"""Times OVERDUE_S: the most that waiting grows to for a step that was sent again and again."""


def sweep(*, at: datetime) -> list[int]:
    """Take the next action of every run that does not go on by itself; return their ids.

    Those that nobody took up; whose step is done, though nobody said so; whose messages Redis
    forgot; that are being cancelled; and where no batch was done for OVERDUE_S seconds, doubled
    with each resend, because behind a long queue a message is not lost but waiting. Any number of
    sweepers may run: each action is a compare-and-set on the run's generation, and a batch that is
    done is not done again. A constant number of statements, and what the actions take.
    """
    runs = list(_select_active())
    forgotten = _find_forgotten(runs)
    moved = []
    for run in runs:
        reason = _find_reason(run, forgotten, at)
        if reason is None:
            continue
        logger.warning(
            "run_resent run=%s step=%s resends=%s reason=%s",
            *(run.pk, run.step, run.resends, reason),
        )
        try:
            continue_run(run_id=run.pk, generation=run.generation, at=at, is_overdue=True)
        except Exception:  # one run's fault must not keep the others waiting
            logger.exception("run_not_resent run=%s", run.pk)
        moved.append(run.pk)
    return moved


def _select_active() -> QuerySet[PropagationRun]:
    """Select the runs that should go on, with what is left of their step."""
    left = PropagationBatch.objects.filter(run=OuterRef("pk"), step=OuterRef("step"), done_at=None)
    return (
        PropagationRun.objects.filter(status__in=[*WORKING_STATUSES, RunStatus.CANCELLING])
        .annotate(
            is_left=Exists(left),
            is_ready=Exists(select_ready(left)),
            moved_at=Greatest(
                Coalesce("dispatched_at", "created_at"),
                Coalesce(Max("batches__done_at"), "created_at"),
            ),
        )
        .order_by("pk")
    )


def _find_forgotten(runs: Collection[PropagationRun]) -> set[int] | None:
    """Return the runs whose step Redis forgot; None when it does not answer."""
    try:
        return find_forgotten([(run.pk, run.generation) for run in runs])
    except RedisError as error:
        logger.warning("sweep_without_redis error=%s", error)
        return None


def _find_reason(  # noqa: PLR0911 (one per reason)
    run: PropagationRun, forgotten: set[int] | None, at: datetime
) -> str | None:
    """Say why the run needs a hand, or None; is_left, is_ready and moved_at are annotated."""
    if run.status == RunStatus.CANCELLING:
        return "cancelling"
    if not run.is_left:  # type: ignore[attr-defined]
        return "step-done"
    if forgotten is None or not run.is_ready:  # type: ignore[attr-defined]
        return None  # nothing can be sent, or it waits for somebody outside
    sent_at = run.dispatched_at or run.created_at
    if at - sent_at <= timedelta(seconds=SENT_OVERDUE_S):
        return None
    if run.dispatched_at is None:
        return "not-taken-up"
    if run.pk in forgotten:
        return "forgotten"
    wait_s = settings.OVERDUE_S * min(2 ** min(run.resends, 10), LONGEST_WAIT)
    is_overdue = at - run.moved_at > timedelta(seconds=wait_s)  # type: ignore[attr-defined]
    return "overdue" if is_overdue else None
