"""Outdated references that nothing will mend: the invariant, as one query."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from assets.models import AssetReference
from propagation.models import ItemState, PropagationItem
from propagation.models.run import ACTIVE_STATUSES
from versions.services.following import find_outdated

_WAITING = Q(state=ItemState.QUEUED, run__status__in=ACTIVE_STATUSES)


def find_uncovered(references: QuerySet[AssetReference]) -> QuerySet[AssetReference]:
    """Return those references that are outdated while no unfinished run contains their target.

    A target whose item failed is left out as well: it is a known exception of its run.
    """
    excused = PropagationItem.objects.filter(entity=OuterRef("target_id")).filter(
        _WAITING | Q(state=ItemState.FAILED)
    )
    return find_outdated(references).exclude(Exists(excused))
