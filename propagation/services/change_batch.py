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
from assets.setwise import select_ids
from propagation.exceptions import PropagationError
from propagation.execution.cause import Cause
from propagation.models import Conflict, PropagationRun
from propagation.services.change_content import Outcome
from propagation.services.check_change import check_change
from propagation.services.examine_changes import Change
from propagation.services.opening import open_definitions
from propagation.services.propagate_change import (
    ChangePreview,
    preview_changes,
    propagate_changes,
)
from versions.canonical import JsonObject
from versions.exceptions import EntityLockedError, VersionMovedError, VersionsError
from versions.models import DEFINITION, Head

RequestError = AssetsError | PropagationError | VersionsError


@dataclass(frozen=True, kw_only=True)
class BatchRequest:
    """One change of a batch, as its caller names it."""

    asset_id: str
    data: JsonObject
    base_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeResult:
    """What became of one change: an error, conflicts, or a version.

    is_changed: the entity got, or would get, a new version. run_id: of the run that follows.
    """

    asset_id: str
    error: RequestError | None = None
    conflicts: Sequence[Conflict] = ()
    is_changed: bool = False
    run_id: int | None = None
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class BatchOutcome:
    """A result per change, in order, and one run per project in which something changed.

    affected: the targets of all runs, or of the runs that there would be; a dependent of several
    changes counts once. is_refused: nothing was done.
    """

    results: Sequence[ChangeResult]
    runs: Sequence[PropagationRun] = ()
    affected: int = 0
    is_refused: bool = False


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
    needed = Role.VIEWER if is_dry_run else Role.ARTIST
    found = _find_changeable(requests, user, needed)
    errors = [one for one in found if isinstance(one, RequestError)]
    if len(errors) == len(found) or (is_atomic and errors):
        return BatchOutcome(
            results=[
                ChangeResult(
                    asset_id=request.asset_id,
                    error=one if isinstance(one, RequestError) else None,
                )
                for request, one in zip(requests, found, strict=True)
            ],
            is_refused=True,
        )
    groups = _group_by_project([one for one in found if isinstance(one, Change)])
    if is_dry_run:
        previews = {pk: preview_changes(changes=some, cause=cause, at=at) for pk, some in groups}
        return BatchOutcome(
            results=[
                _report_preview(r, one, previews) for r, one in zip(requests, found, strict=True)
            ],
            affected=sum(one.plan.total for one in previews.values() if one.plan),
        )
    outcomes = _propagate(groups, cause, at, is_atomic=is_atomic)
    results = [_report(r, one, outcomes) for r, one in zip(requests, found, strict=True)]
    waiting = sum(bool(one.conflicts) for one in results)
    return BatchOutcome(
        results=results,
        runs=[one.run for one in outcomes.values() if one.run],
        affected=sum(one.affected for one in outcomes.values()),
        is_refused=bool(waiting) and (is_atomic or waiting + len(errors) == len(results)),
    )


def _propagate(
    groups: Sequence[tuple[int, list[Change]]], cause: Cause, at: datetime, *, is_atomic: bool
) -> dict[int, Outcome]:
    """Make the changes of each project; is_atomic: none, when one of them met a conflict."""

    def propagate(*, is_refused: bool) -> dict[int, Outcome]:
        return {
            pk: propagate_changes(changes=some, cause=cause, at=at, is_refused=is_refused)
            for pk, some in groups
        }

    if not is_atomic:
        return propagate(is_refused=False)
    # Held through both looks, so that they see the same.
    for _, some in groups:
        open_definitions(entities=[change.entity for change in some])
    with transaction.atomic():
        outcomes = propagate(is_refused=False)
        is_refused = any(one.open_conflicts for one in outcomes.values())
        transaction.set_rollback(is_refused)
    # What was taken back is looked at once more, for the conflicts alone.
    return propagate(is_refused=True) if is_refused else outcomes


def _find_changeable(
    requests: Sequence[BatchRequest], user: User, needed: Role
) -> list[Change | RequestError]:
    """Return each request's change, or why it cannot be made."""
    entities = find_entities(identifiers=[one.asset_id for one in requests], user=user)
    refusals: dict[int, AssetsError] = {}
    for project_id in {one.project_id for one in entities.values() if isinstance(one, Entity)}:
        try:
            check_role(actor=user, project_id=project_id, needed=needed)
        except AssetsError as error:
            refusals[project_id] = error
    newest = _find_newest(requests, entities)
    return [_check(request, entities[request.asset_id], refusals, newest) for request in requests]


def _find_newest(
    requests: Sequence[BatchRequest], entities: Mapping[str, Entity | AssetsError]
) -> dict[int, int]:
    """Return the number of the newest definition of each entity whose change has a base version."""
    based = [entities[one.asset_id] for one in requests if one.base_version is not None]
    ids = [one.pk for one in based if isinstance(one, Entity)]
    if not ids:
        return {}
    heads = Head.objects.filter(entity_id__in=select_ids(ids), slot=DEFINITION)
    return dict(heads.values_list("entity_id", "latest__number"))


def _check(
    request: BatchRequest,
    found: Entity | AssetsError,
    refusals: Mapping[int, AssetsError],
    newest: Mapping[int, int],
) -> Change | RequestError:
    if isinstance(found, AssetsError):
        return found
    if found.project_id in refusals:
        return refusals[found.project_id]
    if found.is_locked:
        return EntityLockedError(found.code)
    base, current = request.base_version, newest.get(found.pk, 0)
    if base is not None and base > current:
        return VersionMovedError(entity_code=found.code, given=base, current=current)
    change = Change(entity=found, data=request.data, base_version=base)
    try:
        check_change(kind=found.kind, patches=change.patches)
    except PropagationError as error:
        return error
    return change


def _group_by_project(changes: Sequence[Change]) -> list[tuple[int, list[Change]]]:
    """Return the changes by project, in ascending id: the order in which locks are taken."""
    grouped: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        grouped[change.entity.project_id].append(change)
    return sorted(grouped.items())


def _report(
    request: BatchRequest, found: Change | RequestError, outcomes: Mapping[int, Outcome]
) -> ChangeResult:
    if isinstance(found, RequestError):
        return ChangeResult(asset_id=request.asset_id, error=found)
    outcome, pk = outcomes[found.entity.project_id], found.entity.pk
    met = [
        one
        for one in outcome.open_conflicts
        if one.entity_id == pk and one.edit["data"] == found.data
    ]
    if met:
        return ChangeResult(asset_id=request.asset_id, conflicts=met)
    is_changed = pk in outcome.changed
    return ChangeResult(
        asset_id=request.asset_id,
        is_changed=is_changed,
        run_id=outcome.run.pk if outcome.run and is_changed else None,
        version=f"{found.entity.code}_v{outcome.version_numbers[pk]}",
    )


def _report_preview(
    request: BatchRequest, found: Change | RequestError, previews: Mapping[int, ChangePreview]
) -> ChangeResult:
    if isinstance(found, RequestError):
        return ChangeResult(asset_id=request.asset_id, error=found)
    preview, pk = previews[found.entity.project_id], found.entity.pk
    return ChangeResult(
        asset_id=request.asset_id,
        is_changed=bool(preview.fields[pk]),
        version=f"{found.entity.code}_v{preview.base_versions[pk]}",
    )
