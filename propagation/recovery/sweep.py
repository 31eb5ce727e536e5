"""Find runs whose next step is overdue and send it again."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max
from django.db.models.functions import Coalesce, Greatest

from propagation.execution.advance import continue_run
from propagation.models import PropagationRun, RunStatus
from propagation.models.run import WORKING_STATUSES

logger = logging.getLogger(__name__)

START_OVERDUE_S = 2.0
"""A run that nobody took up after this: its first message was lost with the broker."""
LONGEST_WAIT = 32
"""Times OVERDUE_S: the most that waiting grows to for a step that was sent again and again."""


def sweep(*, at: datetime) -> list[int]:
    """Send the next step of every overdue run again; return the ids of these runs.

    Overdue: no batch done for OVERDUE_S seconds, doubled with each resend, because behind a long
    queue a message is not lost but waiting. Any number of sweepers may run: each resend is a
    compare-and-set on the run's generation, and a batch that is done is not done again.
    """
    statuses = [*WORKING_STATUSES, RunStatus.CANCELLING]
    active = PropagationRun.objects.filter(status__in=statuses).annotate(
        moved_at=Greatest(
            Coalesce("dispatched_at", "created_at"),
            Coalesce(Max("batches__done_at"), "created_at"),
        )
    )
    overdue = [run for run in active.order_by("pk") if _is_overdue(run, run.moved_at, at)]
    for run in overdue:
        logger.warning("run_resent run=%s step=%s resends=%s", run.pk, run.step, run.resends)
        try:
            continue_run(run_id=run.pk, generation=run.generation, at=at, is_overdue=True)
        except Exception:  # one run's fault must not keep the others waiting
            logger.exception("run_not_resent run=%s", run.pk)
    return [run.pk for run in overdue]


def _is_overdue(run: PropagationRun, moved_at: datetime, at: datetime) -> bool:
    if run.dispatched_at is None:
        return at - run.created_at > timedelta(seconds=START_OVERDUE_S)
    wait_s = settings.OVERDUE_S * min(2 ** min(run.resends, 10), LONGEST_WAIT)
    return at - moved_at > timedelta(seconds=wait_s)
