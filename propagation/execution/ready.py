"""Which batches workers can do something about."""

from django.db.models import Exists, OuterRef, QuerySet

from propagation.models import ItemState, PropagationBatch, PropagationItem
from propagation.models.work import DONE


def select_ready(batches: QuerySet[PropagationBatch]) -> QuerySet[PropagationBatch]:
    """Return those that have something queued, and nothing that waits for somebody outside.

    What is not over is queued or waits; an index has the few that wait, so that a step of a million
    items is not read for it.
    """
    waiting = PropagationItem.objects.filter(batch=OuterRef("pk"), state=ItemState.WAITING)
    return batches.filter(~Exists(waiting.order_by()), size__gt=DONE)
