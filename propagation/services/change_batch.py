"""Change several entities in one call, however many projects they belong to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from assets.exceptions import AssetsError
from assets.models import Entity, Role
from assets.services.access import check_role
from assets.services.lookup import find_entities
from propagation.execution.start import Cause
from propagation.models import PropagationRun
from propagation.services.change_content import Outcome
from propagation.services.propagate_change import Change, propagate_changes
from versions.canonical import JsonObject


@dataclass(frozen=True, kw_only=True)
class BatchRequest:
    """One change of a batch, as its caller names it."""

    asset_id: str
    data: JsonObject


@dataclass(frozen=True, kw_only=True)
class ChangeResult:
    """What became of one change: an error, or a version (run_id None: it changed nothing)."""

    asset_id: str
    error: AssetsError | None = None
    run_id: int | None = None
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class BatchOutcome:
    """A result per change, in order, and one run per project in which something changed."""

    results: Sequence[ChangeResult]
    runs: Sequence[PropagationRun]
    is_refused: bool

    @property
    def affected(self) -> int:
        """The targets of all runs; a dependent of several changes counts once."""
        return sum(run.total for run in self.runs)


@transaction.atomic
def propagate_batch(
    *,
    requests: Sequence[BatchRequest],
    is_atomic: bool,
    is_dry_run: bool,
    cause: Cause,
    user: User,
    at: datetime,
) -> BatchOutcome:
    """Make all changes that can be made; none when is_atomic and one cannot, or when none can.

    Changes of one project are published together and share one run.
    """
    found = _find_changeable([request.asset_id for request in requests], user)
    errors = [one for one in found.values() if isinstance(one, AssetsError)]
    if len(errors) == len(found) or (is_atomic and errors):
        results = [
            ChangeResult(asset_id=one.asset_id, error=_as_error(found[one.asset_id]))
            for one in requests
        ]
        return BatchOutcome(results=results, runs=[], is_refused=True)
    outcomes = {
        project_id: propagate_changes(changes=changes, cause=cause, at=at)
        for project_id, changes in _group_by_project(requests, found)
    }
    if is_dry_run:
        transaction.set_rollback(True)
    return BatchOutcome(
        results=[_report(one, found[one.asset_id], outcomes) for one in requests],
        runs=[outcome.run for outcome in outcomes.values() if outcome.run],
        is_refused=False,
    )


def _find_changeable(identifiers: list[str], user: User) -> dict[str, Entity | AssetsError]:
    """Find the entities; one that the user may see but not change is an error too."""
    found = find_entities(identifiers=identifiers, user=user)
    refusals: dict[int, AssetsError] = {}
    for project_id in {one.project_id for one in found.values() if isinstance(one, Entity)}:
        try:
            check_role(actor=user, project_id=project_id, needed=Role.ARTIST)
        except AssetsError as error:
            refusals[project_id] = error
    return {
        identifier: refusals.get(one.project_id, one) if isinstance(one, Entity) else one
        for identifier, one in found.items()
    }


def _group_by_project(
    requests: Sequence[BatchRequest], found: Mapping[str, Entity | AssetsError]
) -> list[tuple[int, list[Change]]]:
    """Return the changes that can be made, by project in ascending id (the order of locks)."""
    grouped: dict[int, list[Change]] = defaultdict(list)
    for request in requests:
        entity = found[request.asset_id]
        if isinstance(entity, Entity):
            grouped[entity.project_id].append(Change(entity=entity, data=request.data))
    return sorted(grouped.items())


def _report(
    request: BatchRequest, found: Entity | AssetsError, outcomes: Mapping[int, Outcome]
) -> ChangeResult:
    if isinstance(found, AssetsError):
        return ChangeResult(asset_id=request.asset_id, error=found)
    outcome = outcomes[found.project_id]
    return ChangeResult(
        asset_id=request.asset_id,
        run_id=outcome.run.pk if outcome.run else None,
        version=f"{found.code}_v{outcome.version_numbers[found.pk]}",
    )


def _as_error(found: Entity | AssetsError) -> AssetsError | None:
    return found if isinstance(found, AssetsError) else None
