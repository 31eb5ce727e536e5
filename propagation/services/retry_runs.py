"""Take up several runs again, and say before what that would queue."""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import Role
from assets.services.access import check_role
from propagation.execution.again import list_again
from propagation.execution.stale import check_rows
from propagation.models import ItemState, PropagationItem, PropagationRun
from propagation.planning.shown import Row, Shown
from propagation.services.steer_run import retry_run


@transaction.atomic
def retry_runs(
    *, run_ids: Collection[int], actor: User | None, at: datetime, shown: Shown | None = None
) -> list[PropagationRun]:
    """Retry all of these runs of one project, or none; return them.

    shown: what `list_retried` answered before; PlanStaleError when it would answer otherwise now.
    Errors as retry_run.
    """
    locked = PropagationRun.objects.select_for_update(no_key=True).filter(pk__in=run_ids)
    runs = list(locked.order_by("pk"))
    check_rows(shown, list_retried(runs))
    return [retry_run(run_id=run.pk, actor=actor, at=at) for run in runs]


def preview_retry(*, run_ids: Collection[int], actor: User | None) -> list[Row]:
    """Return what the retry would queue now, and write nothing; RoleTooLowError."""
    runs = list(PropagationRun.objects.filter(pk__in=run_ids).order_by("pk"))
    for project_id in {run.project_id for run in runs}:
        check_role(actor=actor, project_id=project_id, needed=Role.VIEWER)
    return list_retried(runs)


def list_retried(runs: Collection[PropagationRun]) -> list[Row]:
    """Return the targets that a retry of the runs queues as rows of a plan, each once.

    Their reason names the runs. Two statements a run.
    """
    found: dict[int, Row] = {}
    for run in runs:
        for _, entity_id, _, level, lane in list_again(run):
            if entity_id in found:
                found[entity_id][3] += f", {run.pk}"
            else:
                reason = "left undone, or built on what was"
                found[entity_id] = [
                    *(entity_id, level, "update", f"run {run.pk}", reason, lane, 0, None)
                ]
    return sorted(found.values(), key=lambda row: (row[1], row[0]))


def preview_cancel(*, run_ids: Collection[int], actor: User | None) -> list[Row]:
    """Return what the runs have not begun by now, and write nothing; RoleTooLowError.

    What workers begin until the runs are cancelled is done to its end. Two statements.
    """
    runs = PropagationRun.objects.filter(pk__in=run_ids)
    for project_id in set(runs.values_list("project_id", flat=True)):
        check_role(actor=actor, project_id=project_id, needed=Role.VIEWER)
    items = PropagationItem.objects.filter(run__in=run_ids, state=ItemState.QUEUED)
    rows = items.order_by("level", "entity_id").values_list(
        "entity_id", "level", "run_id", "batch__lane"
    )
    found: dict[int, Row] = {}
    for entity_id, level, run_id, lane in rows:
        row = [entity_id, level, "ignore", f"run {run_id}", "not begun yet", lane, 0, None]
        found.setdefault(entity_id, row)
    return list(found.values())
