"""Attempt a batch on behalf of a message: count the delivery, never raise, give up in the end."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError, connection, transaction
from django.db.models import F

from propagation.execution.apply import apply_batch
from propagation.execution.isolating import isolate_items
from propagation.execution.ready import select_ready
from propagation.models import PropagationBatch
from propagation.models.run import WORKING_STATUSES

logger = logging.getLogger(__name__)


TRANSIENT = (OperationalError, InterfaceError, InternalError)
"""A lock held for long, a deadlock, a lost connection, a session that the server ended."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One delivery of a batch: its number, and how many of such are worth an attempt."""

    number: int
    most: int


def attempt_batch(*, run_id: int, number: int, at: datetime) -> None:
    """Apply the batch; on an error leave it for another attempt, or give up on what is at fault.

    Raises nothing: a task that fails would leave its chord without an end. The delivery is
    counted and committed first, so that a batch which kills its worker is counted too. A database
    that is busy or away is nobody's fault: such an attempt does not count.

    A batch that raises, or whose worker died, is taken apart until each item is tried alone,
    MAX_DELIVERIES times: of 500 only those fail that are at fault.
    """
    try:
        _attempt(run_id, number, at)
    except TRANSIENT as error:
        logger.warning("batch_postponed run=%s batch=%s error=%s", run_id, number, error)
    except Exception:
        logger.exception("batch_not_ended run=%s batch=%s", run_id, number)


def _attempt(run_id: int, number: int, at: datetime) -> None:
    delivery = _count_delivery(run_id, number, at)
    if delivery is None:
        return
    if delivery.number > delivery.most:
        reason = "Its worker died each time."
        isolate_items(run_id=run_id, number=number, error=reason, is_last=True, at=at)
        return
    try:
        apply_batch(run_id=run_id, number=number, at=at)
    except TRANSIENT:
        _end_attempt(run_id, number, is_counted=False)
        raise
    except Exception as error:
        logger.exception("batch_failed run=%s batch=%s attempt=%s", run_id, number, delivery.number)
        _end_attempt(run_id, number, is_counted=True)
        reason = f"{type(error).__name__}: {error}"
        is_last = delivery.number >= delivery.most
        isolate_items(run_id=run_id, number=number, error=reason, is_last=is_last, at=at)


def _count_delivery(run_id: int, number: int, at: datetime) -> Delivery | None:
    """Count a delivery of a batch; None when it is done, being done, or paused.

    Also None when an item would be given up, but whoever had it before may be alive and about to
    take the lock: the sweep delivers it again when that is no more so.
    """
    open_batches = PropagationBatch.objects.filter(
        run_id=run_id, number=number, done_at=None, run__status__in=WORKING_STATUSES
    )
    with transaction.atomic():
        _commit_lazily()
        batch = (
            select_ready(open_batches)
            .select_for_update(skip_locked=True, of=("self",), no_key=True)
            .first()
        )
        if batch is None:
            return None
        is_single = batch.left == 1
        most = settings.MAX_DELIVERIES if is_single else settings.MAX_DELIVERIES_OF_MANY
        since = batch.delivered_at
        may_live = since is not None and at - since < timedelta(seconds=settings.LEASE_S)
        if is_single and batch.deliveries >= most and may_live:
            return None
        batch.deliveries += 1
        batch.delivered_at = at
        batch.save(update_fields=["deliveries", "delivered_at"])
        return Delivery(number=batch.deliveries, most=most)


def _commit_lazily() -> None:
    """Do not let the commit wait for the disk.

    A count that is lost with the database's memory is one too few: the batch gets one more attempt.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO OFF")


def _end_attempt(run_id: int, number: int, *, is_counted: bool) -> None:
    """Say that the attempt is over, so that nobody takes its worker for dead."""
    PropagationBatch.objects.filter(run_id=run_id, number=number, done_at=None).update(
        deliveries=F("deliveries") - (0 if is_counted else 1), delivered_at=None
    )
