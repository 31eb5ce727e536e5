"""A run and how far it is, as the document that API and commands show."""

from typing import Any

from propagation.execution.progress import read_progress
from propagation.models import ItemState, PropagationRun
from versions.naming import write_version_id


def count_held(run: PropagationRun) -> int:
    """Return how many targets of the run wait for a person."""
    return run.items.filter(state=ItemState.HELD).count()


def describe_run(run: PropagationRun) -> dict[str, Any]:
    """Return a run and how far it is; the run comes with its project. Four statements."""
    progress = read_progress(run).describe()
    first = run.sources.select_related("entity", "version").order_by("pk").first()
    return {
        "id": run.pk,
        "project_id": run.project.code,
        "kind": run.kind,
        "status": run.status,
        "mode": run.mode,
        "asset_id": first.entity.code if first else None,
        "version": write_version_id(first.entity.code, first.version.number) if first else None,
        **progress,
        "counts": {**progress["counts"], "held": count_held(run)},
        "note": run.note,
        "attempts": run.attempts,
        "batch_sizes": run.batch_sizes,
        "superseded_by": run.superseded_by_id,
        "undo_of": run.undo_of_id,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }
