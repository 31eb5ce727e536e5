"""Find batches whose worker died, and deliver them again."""

import logging
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from assets.setwise import select_ids
from propagation.execution.messages import send_batches
from propagation.models import PropagationBatch
from propagation.models.run import WORKING_STATUSES

logger = logging.getLogger(__name__)


def rescue_batches(*, at: datetime) -> int:
    """Deliver each batch again whose worker died over it; return how many.

    An attempt that began LEASE_S ago, did not end, and holds no lock on its batch, has nobody who
    would end it. On SQLite who may write holds the only lock there is, so nobody else is at work;
    one that has been waiting for that lock all the while is delivered a second time, in vain.
    """
    lost = PropagationBatch.objects.filter(
        done_at=None,
        delivered_at__lt=at - timedelta(seconds=settings.LEASE_S),
        run__status__in=WORKING_STATUSES,
    )
    return _deliver_again(lost) if lost.exists() else 0  # a look takes no lock


@transaction.atomic
def _deliver_again(lost: QuerySet[PropagationBatch]) -> int:
    """Deliver those of the batches again that nobody holds."""
    rows = list(
        lost.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .order_by("run_id", "lane", "number")
        .values_list("run_id", "lane", "number", "pk")
    )
    PropagationBatch.objects.filter(pk__in=select_ids(row[3] for row in rows)).update(
        delivered_at=None
    )
    for (run_id, lane), found in groupby(rows, key=itemgetter(0, 1)):
        numbers = [number for _, _, number, _ in found]
        logger.warning("batches_rescued run=%s lane=%s batches=%s", run_id, lane, numbers)
        again = partial(send_batches, run_id=run_id, lane=lane, numbers=numbers)
        transaction.on_commit(again, robust=True)
    return len(rows)
