"""How a project stands, as `manage.py status` tells it."""

from typing import Any

from django.conf import settings

from assets.models import Project
from propagation.models.run import ACTIVE_STATUSES
from propagation.services.progress import describe_run
from propagation.services.standing import describe_standing


def describe_project(project: Project) -> dict[str, Any]:
    """Return how a project stands, in the words of the API's propagation-status."""
    active = project.runs.filter(status__in=ACTIVE_STATUSES).select_related("project")
    runs = [describe_run(run) for run in active.order_by("pk")]
    standing = describe_standing(project)
    none = {"queued": 0}
    return {
        "project_id": project.code,
        "state": "running" if runs else "idle",
        "active_runs": runs,
        **standing,
        "lanes": {lane: standing["lanes"].get(lane, none) for lane in settings.LANES},
    }
