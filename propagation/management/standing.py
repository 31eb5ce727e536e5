"""How a project stands: what is under way, what waits, and what is out of date."""

from typing import Any

from django.conf import settings
from django.db.models import Count, F, Sum

from assets.models import AssetReference, Project
from propagation.management.progress import describe_run
from propagation.models import ItemState, PropagationBatch, PropagationItem
from propagation.models.run import ACTIVE_STATUSES
from propagation.services.decide_holds import HoldFilter, find_holds
from versions.services.following import find_left_behind, find_outdated

DONE = F("applied") + F("unchanged") + F("failed") + F("skipped")


def describe_project(project: Project) -> dict[str, Any]:
    """Return how a project stands, in the words of the API's propagation-status."""
    active = project.runs.filter(status__in=ACTIVE_STATUSES).select_related("project")
    runs = [describe_run(run) for run in active.order_by("pk")]
    queued = _count_queued(project)
    references = AssetReference.objects.filter(project=project)
    targets = Count("target_id", distinct=True)
    failed = PropagationItem.objects.filter(run__project=project, state=ItemState.FAILED)
    return {
        "project_id": project.code,
        "state": "running" if runs else "idle",
        "active_runs": runs,
        "lanes": {lane: {"queued": queued.get(lane, 0)} for lane in settings.LANES},
        "out_of_date": find_outdated(references).aggregate(count=targets)["count"],
        "held": find_holds(project=project, wanted=HoldFilter()).count(),
        "failed": failed.count(),
        "pinned": find_left_behind(references).aggregate(count=targets)["count"],
    }


def _count_queued(project: Project) -> dict[str, int]:
    """Return how many items wait, by lane."""
    waiting = PropagationBatch.objects.filter(
        run__project=project, run__status__in=ACTIVE_STATUSES, done_at=None
    )
    rows = waiting.values("lane").order_by("lane").annotate(queued=Sum(F("size") - DONE))
    return {row["lane"]: row["queued"] for row in rows}
