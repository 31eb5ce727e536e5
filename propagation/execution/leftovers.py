"""Start a run for what was linked to a run's targets while that run was under way."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from assets.models import AssetReference, Project
from propagation.execution.outdated import find_uncovered
from propagation.execution.start import Cause, start_run
from propagation.models import PropagationItem, PropagationRun, RunKind, RunSource
from versions.services.following import read_states


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
    moved_here = Q(
        Exists(PropagationItem.objects.filter(run=run, entity=OuterRef("source_id")))
    ) | Q(Exists(RunSource.objects.filter(run=run, entity=OuterRef("source_id"))))
    references = AssetReference.objects.filter(moved_here, project_id=run.project_id)
    sources = {
        state.source_id: state.followed_id for state in read_states(find_uncovered(references))
    }
    if not sources:
        return None
    cause = Cause(
        kind=RunKind.REPAIR,
        actor=run.actor,
        note=f"linked while run {run.pk} was under way",
        notify_users=run.notify_users,
    )
    return start_run(project_id=run.project_id, sources=sources, cause=cause, at=at)
