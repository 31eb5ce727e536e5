"""Whether what was written is right; a measurement of something wrong is none."""

from typing import Any

from django.db.models import Count, F, Sum

from assets.models import Project
from propagation.management.benchmark.loading import Film
from propagation.models import ItemState, PropagationBatch, PropagationItem
from propagation.recovery.consistency import check_project
from versions.models import DEFINITION, Head, Version, VersionInput


class WrongResultError(Exception):
    """A way of writing left something else behind than what was asked for."""


def verify_run(*, film: Film, run_id: int, has_items: bool = True) -> None:
    """Raise WrongResultError unless every target was rebuilt by the run exactly once.

    One version, head, and item of each, all inputs recorded, no reference outdated.
    """
    targets, inputs = film.reach.targets, film.reach.inputs
    wanted: dict[str, Any] = {
        "versions": targets,
        "entities": targets,
        "heads": targets,
        "inputs": inputs,
        "outdated references": 0,
    }
    check = check_project(project=Project.objects.get(pk=film.project_id))
    found = {
        **count_versions(run_id),
        "inputs": VersionInput.objects.filter(version__run_id=run_id).count(),
        "outdated references": len(check.exceptions) + check.excused,
    }
    if has_items:
        wanted |= {"items": targets, "applied": targets, "counted by batches": targets}
        found |= _count_items(run_id)
    if found != wanted:
        raise WrongResultError(f"run {run_id} of {film.code}: wanted {wanted}, found {found}")


def count_versions(run_id: int) -> dict[str, int]:
    """Return how many definitions a run made, of how many entities, and where heads are."""
    made = Version.objects.filter(run_id=run_id, slot=DEFINITION)
    heads = Head.objects.filter(best=F("latest"), best__run_id=run_id, slot=DEFINITION)
    counted = made.aggregate(versions=Count("pk"), entities=Count("entity", distinct=True))
    return {**counted, "heads": heads.count()}


def _count_items(run_id: int) -> dict[str, int]:
    items = PropagationItem.objects.filter(run_id=run_id)
    applied = items.filter(
        state=ItemState.APPLIED, version__run_id=run_id, version__entity=F("entity")
    )
    batches = PropagationBatch.objects.filter(run_id=run_id, done_at__isnull=False)
    return {
        "items": items.count(),
        "applied": applied.count(),
        "counted by batches": batches.aggregate(total=Sum("applied", default=0))["total"],
    }
