"""Start a run for what was linked to a run's targets while that run was under way."""

from datetime import datetime

from assets.models import AssetReference, Follow, Project
from propagation.execution.outdated import EXCUSED, select_last, select_moved
from propagation.execution.repair import start_repair
from propagation.models import PropagationItem, PropagationRun
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
    moved_here = select_moved(run_ids=[run.pk])
    # Those that failed, or that somebody keeps as they are, would only fail or be kept again.
    excused = PropagationItem.objects.filter(select_last(EXCUSED))
    references = AssetReference.objects.filter(moved_here, project_id=run.project_id).exclude(
        target_id__in=excused.values("entity_id")
    )
    if run.superseded_by_id:
        taken = PropagationItem.objects.filter(run=run.superseded_by_id)
        references = references.exclude(target_id__in=taken.values("entity_id"))
    # Also those that another run has queued: it may have read the source before it moved.
    states = read_states(find_outdated(references))
    sources = {state.source_id: state.followed_id for state in states}
    if not sources:
        return None
    return start_repair(
        project_id=run.project_id,
        actor=run.actor,
        notify_users=run.notify_users,
        sources=sources,
        moved=frozenset(Follow),
        note=f"linked while run {run.pk} was under way",
        at=at,
    )
