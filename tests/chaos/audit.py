"""Count every effect of a storm, in a process of its own on the storm's database.

python -m tests.chaos.audit prints one JSON document.
"""

import json
import os
import sys
from typing import Any

import django


def audit() -> dict[str, Any]:
    """Return what the runs did, counted from the rows that they wrote.

    twice: targets with more than one version by one run · lost: items whose run is over and that
    are in no final state, or say that they were rebuilt and have no version by it · unfinished:
    runs under way · deliveries: how often batches were delivered, of runs that no other took over ·
    ends: of each run, how often its end was told.
    """
    from django.db.models import Count, F  # noqa: PLC0415 (needs loaded settings)

    from assets.models import Project  # noqa: PLC0415
    from propagation.models import Event, PropagationBatch, PropagationItem, PropagationRun  # noqa: PLC0415
    from propagation.models.run import ACTIVE_STATUSES  # noqa: PLC0415
    from propagation.models.work import OPEN_STATES  # noqa: PLC0415
    from propagation.recovery.consistency import check_project  # noqa: PLC0415
    from versions.models import Origin, Version  # noqa: PLC0415
    from versions.services.verify import Verification, verify_history  # noqa: PLC0415

    made = Version.objects.filter(origin=Origin.PROPAGATED)
    twice = made.values("run_id", "entity_id").annotate(count=Count("pk")).filter(count__gt=1)
    applied = PropagationItem.objects.filter(state="applied")
    over = PropagationItem.objects.exclude(run__status__in=ACTIVE_STATUSES)
    ends: dict[int | None, int] = {}
    told = Event.objects.filter(type="run_state", run_id__isnull=False)
    for run_id, payload in told.values_list("run_id", "payload"):
        ends[run_id] = ends.get(run_id, 0) + (payload["status"] not in ACTIVE_STATUSES)
    batches = PropagationBatch.objects.exclude(run__status="cancelled")
    project = Project.objects.get()
    return {
        "runs": dict(PropagationRun.objects.values_list("status").annotate(Count("pk"))),
        "unfinished": PropagationRun.objects.filter(status__in=ACTIVE_STATUSES).count(),
        "items": dict(PropagationItem.objects.values_list("state").annotate(Count("pk"))),
        "versions": made.count(),
        "twice": twice.count(),
        "lost": over.filter(state__in=OPEN_STATES).count()
        + applied.exclude(version__run_id=F("run_id")).count(),
        "deliveries": sorted(batches.values_list("deliveries", flat=True).distinct()),
        "ends": sorted(set(ends.values())),
        "inconsistent": [str(one) for one in check_project(project=project).exceptions[:5]],
        "tampered": [str(one) for one in verify_history(project=project, done=Verification())],
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    json.dump(audit(), sys.stdout)
