"""Let a newer run take over what older ones have not done."""

from collections.abc import Collection
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from assets.setwise import select_ids
from propagation.execution.closing import close_batches
from propagation.execution.messages import send_continue
from propagation.execution.telling import read_item_news, tell_progress, tell_state
from propagation.live.events import News
from propagation.models import ItemState, PropagationItem, PropagationRun, RunSource, RunStatus
from propagation.models.run import WORKING_STATUSES
from propagation.models.work import OPEN_STATES
from propagation.planning.plan import Plan


def supersede_holds(*, project_id: int, plan: Plan) -> list[News]:
    """Take back what waits for a person and is decided about anew: the newer change carries it.

    Returns the news, for the caller to record.
    """
    held = PropagationItem.objects.filter(state=ItemState.HELD)
    if not held.filter(run__project=project_id).exists():
        return []
    reached = plan.reach.list_following()
    ids = list(held.filter(entity_id__in=select_ids(reached)).values_list("pk", flat=True))
    if not ids:
        return []
    items = PropagationItem.objects.filter(pk__in=select_ids(ids))
    items.update(state=ItemState.SUPERSEDED)
    return read_item_news(items)


def take_over(*, run: PropagationRun, sources: Collection[int], at: datetime) -> list[News]:
    """End older runs of the same sources of which all that is open is in this run as well.

    All or nothing: were only a part taken over, what the rest uses of it might come too late. An
    older run that somebody is moving on at this moment is left alone; it finds its targets done.
    Returns the news, for the caller to record.
    """
    active = PropagationRun.objects.filter(
        project_id=run.project_id, status__in=[*WORKING_STATUSES, RunStatus.PAUSED]
    ).exclude(pk=run.pk)
    ids = list(active.values_list("pk", flat=True))
    if not ids:
        return []
    same = RunSource.objects.filter(run_id__in=ids, entity_id__in=select_ids(sources))
    older = active.filter(pk__in=same.values("run_id"))
    taken = run.items.filter(state=ItemState.QUEUED, entity_id=OuterRef("entity_id"))
    open_items = PropagationItem.objects.filter(run_id=OuterRef("pk"), state__in=OPEN_STATES)
    covered = older.filter(Exists(open_items), ~Exists(open_items.filter(~Exists(taken))))
    lane = settings.LANES[0]  # a moment's work
    news: list[News] = []
    for one in covered.order_by("pk").select_for_update(skip_locked=True, no_key=True):
        one.status, one.superseded_by = RunStatus.CANCELLING, run
        one.save(update_fields=["status", "superseded_by"])
        news += [*close_batches(run=one, at=at), tell_progress(one), *tell_state(one)]
        again = partial(send_continue, run_id=one.pk, generation=one.generation, lane=lane)
        transaction.on_commit(again, robust=True)
    return news
