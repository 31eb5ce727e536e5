"""Keep plans that were shown, and find them again."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from assets.models import Project
from propagation.exceptions import PlanNotFoundError
from propagation.execution.cause import Facts
from propagation.execution.start import Preview, preview
from propagation.models import PropagationRun, RunMode, RunStatus, StoredPlan
from propagation.planning.estimate import Past
from propagation.planning.shown import Row, Shown, list_targets
from versions.facets import Facet

KEPT_FOR = timedelta(hours=24)
READ_RUNS = 200
"""Finished runs that an estimate looks at, newest first."""


def store_plan(
    *,
    project: Project,
    found: Preview,
    bases: Mapping[int, int],
    contents: Mapping[int, str],
    summary: dict[str, Any],
    actor: User | None,
    at: datetime,
) -> StoredPlan:
    """Keep a plan for a day, and forget those of the project that are older.

    bases: the numbers of the best versions of what changes; contents: the SHA-256 of what it
    would carry.
    """
    return store_rows(
        project=project,
        rows=list_targets(found.plan),
        bases=bases,
        contents=contents,
        summary=summary,
        actor=actor,
        at=at,
    )


def store_rows(
    *,
    project: Project,
    rows: Sequence[Row],
    bases: Mapping[int, int],
    contents: Mapping[int, str],
    summary: dict[str, Any],
    actor: User | None,
    at: datetime,
) -> StoredPlan:
    """Keep what was shown as rows of targets, as `store_plan` does."""
    StoredPlan.objects.filter(project=project, created_at__lt=at - KEPT_FOR).delete()
    return StoredPlan.objects.create(
        token=f"pl_{secrets.token_urlsafe(24)}",
        project=project,
        actor=actor,
        summary=summary,
        bases=bases,
        contents=contents,
        targets=rows,
        created_at=at,
    )


def find_plan(*, token: str, user: User, at: datetime) -> StoredPlan:
    """Return a plan of a project that the user may see; PlanNotFoundError, also when it is old."""
    plan = (
        StoredPlan.objects.filter(
            token=token,
            project__in=Project.objects.visible_to(user),
            created_at__gte=at - KEPT_FOR,
        )
        .select_related("project")
        .first()
    )
    if plan is None:
        raise PlanNotFoundError
    return plan


def read_shown(plan: StoredPlan) -> Shown:
    """Return a stored plan as a value."""
    return Shown(
        token=plan.token,
        bases={int(pk): number for pk, number in plan.bases.items()},
        contents={int(pk): sha256 for pk, sha256 in plan.contents.items()},
        targets=plan.targets,
    )


def preview_again(*, run: PropagationRun) -> Preview:
    """Return what the rules of today would decide about what started a run; writes nothing."""
    changed = dict(run.sources.values_list("entity_id", "version__changed"))
    return preview(
        project_id=run.project_id,
        sources={pk: Facet(facets) for pk, facets in changed.items()},
        mode=RunMode.AUTO,
        facts=Facts(fields=frozenset(run.fields), source_types=frozenset(run.source_types)),
    )


def read_past(*, project_id: int) -> list[Past]:
    """Return what the project's newest finished runs took; one statement.

    Only such as were never stopped: what a pause took tells nothing about work.
    """
    runs = PropagationRun.objects.filter(
        status__in=[RunStatus.SUCCESS, RunStatus.PARTIAL], total__gt=0, attempts=1, was_paused=False
    ).order_by("-pk")
    rows = runs.filter(project=project_id).values_list("total", "created_at", "finished_at")
    return [
        (total, (finished_at - created_at).total_seconds())
        for total, created_at, finished_at in rows[:READ_RUNS]
        if finished_at
    ]
