"""Attempt a batch on behalf of a message: count the delivery, never raise, give up in the end."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F

from propagation.execution.apply import apply_batch
from propagation.models import ItemState, PropagationBatch, PropagationItem

logger = logging.getLogger(__name__)


def attempt_batch(*, run_id: int, number: int, at: datetime) -> None:
    """Apply the batch; on an error leave it for another attempt, or fail its items after the last.

    Raises nothing: a task that fails would leave its chord without an end. The delivery is
    counted and committed first, so that a batch which kills its worker is counted too.
    """
    deliveries = _count_delivery(run_id, number)
    if deliveries is None:
        return
    try:
        apply_batch(run_id=run_id, number=number, at=at)
    except DatabaseError:
        logger.exception(
            "batch_postponed run=%s batch=%s deliveries=%s", run_id, number, deliveries
        )
        _give_up_after_last(run_id, number, deliveries, "The database refused it; see the log.", at)
    except Exception as error:
        logger.exception("batch_failed run=%s batch=%s deliveries=%s", run_id, number, deliveries)
        _give_up_after_last(run_id, number, deliveries, f"{type(error).__name__}: {error}", at)


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


def _give_up_after_last(
    run_id: int, number: int, deliveries: int, error: str, at: datetime
) -> None:
    if deliveries < settings.MAX_DELIVERIES:
        return
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
