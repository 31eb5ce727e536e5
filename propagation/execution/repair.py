"""Start a run for what was left outdated."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User

from propagation.execution.cause import Cause
from propagation.execution.outdated import EXCUSED, select_last
from propagation.execution.start import start_run
from propagation.models import PropagationItem, PropagationRun, RunKind


def start_repair(
    *,
    project_id: int,
    actor: User | None,
    sources: Mapping[int, int],
    moved: frozenset[str],
    note: str,
    at: datetime,
    facets: Mapping[int, int] | None = None,
    notify_users: bool = True,
) -> PropagationRun:
    """Start it on behalf of the actor; what somebody keeps as it is stays so.

    sources, facets and moved as `start_run` has them.
    """
    kept = PropagationItem.objects.filter(select_last(EXCUSED), run__project=project_id)
    cause = Cause(
        kind=RunKind.REPAIR,
        actor=actor,
        note=note,
        notify_users=notify_users,
        excluded=frozenset(kept.values_list("entity_id", flat=True)),
    )
    return start_run(
        project_id=project_id,
        sources=sources,
        facets=facets,
        moved=moved,
        cause=cause,
        at=at,
    )
