"""Attempt a batch on behalf of a message: count the delivery, never raise, give up in the end."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError, transaction
from django.db.models import F

from propagation.execution.apply import apply_batch, fail_batch
from propagation.execution.ready import select_ready
from propagation.models import PropagationBatch
from propagation.models.run import WORKING_STATUSES

logger = logging.getLogger(__name__)


TRANSIENT = (OperationalError, InterfaceError, InternalError)
"""A lock held for long, a deadlock, a lost connection, a session that the server ended."""


def attempt_batch(*, run_id: int, number: int, at: datetime) -> None:
    """Apply the batch; on an error leave it for another attempt, or fail its items after the last.

    Raises nothing: a task that fails would leave its chord without an end. The delivery is
    counted and committed first, so that a batch which kills its worker is counted too. A database
    that is busy or away is nobody's fault: such an attempt does not count.
    """
    try:
        _attempt(run_id, number, at)
    except TRANSIENT as error:
        logger.warning("batch_postponed run=%s batch=%s error=%s", run_id, number, error)
    except Exception:
        logger.exception("batch_not_ended run=%s batch=%s", run_id, number)


def _attempt(run_id: int, number: int, at: datetime) -> None:
    deliveries = _count_delivery(run_id, number)
    if deliveries is None:
        return
    if deliveries > settings.MAX_DELIVERIES:
        fail_batch(run_id=run_id, number=number, error="Its worker died each time.", at=at)
        return
    try:
        apply_batch(run_id=run_id, number=number, at=at)
    except TRANSIENT:
        _uncount_delivery(run_id, number)
        raise
    except Exception as error:
        logger.exception("batch_failed run=%s batch=%s attempt=%s", run_id, number, deliveries)
        if deliveries == settings.MAX_DELIVERIES:
            reason = f"{type(error).__name__}: {error}"
            fail_batch(run_id=run_id, number=number, error=reason, at=at)


def _count_delivery(run_id: int, number: int) -> int | None:
    """Count one delivery of a batch that is not done; None: it is done, being done, or paused."""
    open_batches = PropagationBatch.objects.filter(
        run_id=run_id, number=number, done_at=None, run__status__in=WORKING_STATUSES
    )
    with transaction.atomic():
        batch = (
            select_ready(open_batches)
            .select_for_update(skip_locked=True, of=("self",), no_key=True)
            .first()
        )
        if batch is None:
            return None
        batch.deliveries += 1
        batch.save(update_fields=["deliveries"])
        return batch.deliveries


def _uncount_delivery(run_id: int, number: int) -> None:
    PropagationBatch.objects.filter(run_id=run_id, number=number).update(
        deliveries=F("deliveries") - 1
    )
