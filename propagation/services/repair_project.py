"""Bring up to date what nothing else will."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import AssetReference, Follow, Project
from assets.services.locking import lock_project
from propagation.execution.outdated import find_uncovered
from propagation.execution.repair import start_repair
from propagation.models import PropagationRun
from versions.services.following import read_states


@transaction.atomic
def repair_project(*, project: Project, actor: User | None, at: datetime) -> PropagationRun | None:
    """Start a run for every target that is outdated without an excuse; None where there is none.

    What failed, is held or is kept as it is by somebody stays so. A constant number of statements.
    """
    lock_project(project_id=project.pk)
    references = AssetReference.objects.filter(project=project)
    sources = {
        state.source_id: state.followed_id for state in read_states(find_uncovered(references))
    }
    if not sources:
        return None
    return start_repair(
        project_id=project.pk,
        actor=actor,
        sources=sources,
        moved=frozenset(Follow),
        note="found outdated by a check",
        at=at,
    )
