"""Close what nobody has started of a run that ends before its end."""

from datetime import datetime

from django.db.models import F

from assets.setwise import select_ids
from propagation.execution.telling import read_item_news
from propagation.live.events import News
from propagation.models import (
    ExternalJob,
    ItemState,
    JobState,
    PropagationBatch,
    PropagationItem,
    PropagationRun,
)
from propagation.models.work import OPEN_STATES


def close_batches(*, run: PropagationRun, at: datetime) -> list[News]:
    """Close the batches of the run that nobody works on, with all that is queued in them.

    The caller holds the lock on the run's row. A batch that a worker holds is left alone: its
    items end as they would. SQLite has one writer at a time, so there nobody works meanwhile.
    Returns the news, for the caller to record.
    """
    state = ItemState.SUPERSEDED if run.superseded_by_id else ItemState.CANCELLED
    free = list(
        run.batches.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .filter(done_at=None)
        .values_list("pk", flat=True)
    )
    queued = PropagationItem.objects.filter(batch_id__in=select_ids(free), state__in=OPEN_STATES)
    ids = list(queued.values_list("pk", flat=True))
    items = PropagationItem.objects.filter(pk__in=select_ids(ids))
    jobs = ExternalJob.objects.filter(item__in=items.values("pk"), state=JobState.OPEN)
    jobs.update(state=JobState.CANCELLED, ended_at=at)
    items.update(state=state)
    PropagationBatch.objects.filter(pk__in=select_ids(free)).update(
        skipped=F("size") - F("applied") - F("unchanged") - F("failed"), done_at=at
    )
    return read_item_news(items) if ids else []
