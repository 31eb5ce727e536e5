"""Attempt a batch on behalf of a message: count the delivery, never raise, give up in the end."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import F

from propagation.execution.apply import apply_batch
from propagation.models import ItemState, PropagationBatch, PropagationItem

logger = logging.getLogger(__name__)


def attempt_batch(*, run_id: int, number: int, at: datetime) -> None:
    """Apply the batch; on an error leave it for another attempt, or fail its items after the last.

    Raises nothing: a task that fails would leave its chord without an end. The delivery is
    counted and committed first, so that a batch which kills its worker is counted too. A database
    that is busy or away (a lock that is held for long, a deadlock, a lost connection) is nobody's
    fault: such an attempt does not count.
    """
    deliveries = _count_delivery(run_id, number)
    if deliveries is None:
        return
    if deliveries > settings.MAX_DELIVERIES:
        _give_up(run_id, number, "Its worker died each time that it was tried.", at)
        return
    try:
        apply_batch(run_id=run_id, number=number, at=at)
    except OperationalError as error:
        logger.warning("batch_postponed run=%s batch=%s error=%s", run_id, number, error)
        _uncount_delivery(run_id, number)
    except Exception as error:
        logger.exception("batch_failed run=%s batch=%s attempt=%s", run_id, number, deliveries)
        if deliveries == settings.MAX_DELIVERIES:
            _give_up(run_id, number, f"{type(error).__name__}: {error}", at)


def _count_delivery(run_id: int, number: int) -> int | None:
    """Count one delivery of a batch that is not done; None when it is done or being done."""
    with transaction.atomic():
        batch = (
            PropagationBatch.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(run_id=run_id, number=number, done_at=None)
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


def _give_up(run_id: int, number: int, error: str, at: datetime) -> None:
    """Fail what is left of the batch, so that the run can go on and end."""
    with transaction.atomic():
        batch = PropagationBatch.objects.select_for_update(no_key=True).get(
            run_id=run_id, number=number
        )
        if batch.done_at is not None:
            return
        failed = PropagationItem.objects.filter(batch=batch, state=ItemState.QUEUED).update(
            state=ItemState.FAILED, error=error[:2000]
        )
        PropagationBatch.objects.filter(pk=batch.pk).update(failed=F("failed") + failed, done_at=at)
