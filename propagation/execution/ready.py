"""Which batches workers can do something about."""

from django.db.models import Exists, OuterRef, QuerySet

from propagation.models import ItemState, PropagationBatch, PropagationItem


def select_ready(batches: QuerySet[PropagationBatch]) -> QuerySet[PropagationBatch]:
    """Return those that have something queued, and nothing that waits for somebody outside."""
    items = PropagationItem.objects.filter(batch=OuterRef("pk")).order_by()
    return batches.filter(
        Exists(items.filter(state=ItemState.QUEUED)), ~Exists(items.filter(state=ItemState.WAITING))
    )
