"""How a project stands: what waits, and what is out of date."""

from typing import Any

from django.db.models import Count, F, Sum

from assets.models import AssetReference, Project
from propagation.models import (
    Conflict,
    ConflictStatus,
    ItemState,
    PropagationBatch,
    PropagationItem,
)
from propagation.models.run import ACTIVE_STATUSES
from propagation.models.work import DONE
from propagation.services.decide_holds import HoldFilter, find_holds
from versions.services.following import find_left_behind, find_outdated


def describe_standing(project: Project) -> dict[str, Any]:
    """Return what API and commands show of a project, beside its runs; six statements.

    lanes: those in which something waits.
    """
    waiting = PropagationBatch.objects.filter(
        run__project=project, run__status__in=ACTIVE_STATUSES, done_at=None
    )
    lanes = waiting.values("lane").order_by("lane").annotate(queued=Sum(F("size") - DONE))
    references = AssetReference.objects.filter(project=project)
    targets = Count("target_id", distinct=True)
    failed = PropagationItem.objects.filter(run__project=project, state=ItemState.FAILED)
    open_conflicts = Conflict.objects.filter(project=project, status=ConflictStatus.OPEN)
    return {
        "lanes": {row["lane"]: {"queued": row["queued"]} for row in lanes},
        "out_of_date": find_outdated(references).aggregate(count=targets)["count"],
        "pinned": find_left_behind(references).aggregate(count=targets)["count"],
        "held": find_holds(project=project, wanted=HoldFilter()).count(),
        "failed": failed.count(),
        "conflicts": open_conflicts.count(),
    }
