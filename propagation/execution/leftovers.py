"""Start a run for what was linked to a run's targets while that run was under way."""

from datetime import datetime

from django.db.models import Q

from assets.models import AssetReference, Project
from propagation.execution.start import Cause, start_run
from propagation.models import ItemState, PropagationItem, PropagationRun, RunKind, RunSource
from versions.services.following import find_outdated, read_states


def start_leftovers(*, run: PropagationRun, at: datetime) -> PropagationRun | None:
    """Start a follow-up run when the graph moved since the plan and left something outdated.

    A reference that is added to a source which the run is still going to change has consumed the
    version of before, and no plan contains its target. It is found here: whoever adds a reference
    locks the source's head first, so it either reads the version that the run made, or is
    committed before that and visible now.
    """
    revision = Project.objects.values_list("graph_revision", flat=True).get(pk=run.project_id)
    if revision == run.graph_revision:
        return None
    moved_here = Q(source_id__in=PropagationItem.objects.filter(run=run).values("entity_id")) | Q(
        source_id__in=RunSource.objects.filter(run=run).values("entity_id")
    )
    failed_here = PropagationItem.objects.filter(run=run, state=ItemState.FAILED)
    references = AssetReference.objects.filter(moved_here, project_id=run.project_id).exclude(
        target_id__in=failed_here.values("entity_id")
    )
    # Also those that another run has queued: it may have read the source before it moved.
    states = read_states(find_outdated(references))
    sources = {state.source_id: state.followed_id for state in states}
    if not sources:
        return None
    cause = Cause(
        kind=RunKind.REPAIR,
        actor=run.actor,
        note=f"linked while run {run.pk} was under way",
        notify_users=run.notify_users,
    )
    return start_run(project_id=run.project_id, sources=sources, cause=cause, at=at)
