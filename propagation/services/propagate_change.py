"""Change entities and bring all that depends on them up to date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from assets.models import Entity, Role
from assets.services.access import check_role
from propagation.execution.start import Cause, preview
from propagation.planning.plan import Plan
from propagation.services.change_content import Outcome, load_contents, publish_contents
from versions.canonical import JsonObject
from versions.change import FieldChange, apply_change, find_changes
from versions.exceptions import VersionMovedError
from versions.models import Head, Origin
from versions.services.heads import lock_heads, read_heads


@dataclass(frozen=True, kw_only=True)
class Change:
    """Fields to change on one entity (JSON Merge Patch), and the version that it started from.

    base_version None: merge into whatever is current.
    """

    entity: Entity
    data: JsonObject
    base_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class ChangePreview:
    """What a change would do: fields that differ, and the plan (None when none differs)."""

    fields: Sequence[FieldChange]
    base_version: int
    plan: Plan | None


@transaction.atomic
def propagate_change(*, change: Change, cause: Cause, at: datetime) -> Outcome:
    """Publish the changed content and start the run; errors as `propagate_changes`."""
    return propagate_changes(changes=[change], cause=cause, at=at)


@transaction.atomic
def propagate_changes(*, changes: Sequence[Change], cause: Cause, at: datetime) -> Outcome:
    """Publish several changes of one project together; one run covers the union of dependents.

    Changes of one entity merge in order into one version. RoleTooLowError; VersionMovedError when
    an entity moved on since a change's base version. Values that are equal already are no change.
    """
    project_id = changes[0].entity.project_id
    check_role(actor=cause.actor, project_id=project_id, needed=Role.ARTIST)
    heads = lock_heads(Head.objects.filter(entity_id__in=[one.entity.pk for one in changes]))
    for change in changes:
        current = heads[change.entity.pk].best_number
        if change.base_version not in (None, current):
            raise VersionMovedError(given=change.base_version, current=current)
    return publish_contents(
        project_id=project_id,
        heads=heads,
        contents=_merge(changes, load_contents(heads=heads)),
        origin=Origin.AUTHORED,
        cause=cause,
        at=at,
    )


def preview_change(*, change: Change, cause: Cause) -> ChangePreview:
    """Return what the change would do now, and write nothing."""
    check_role(actor=cause.actor, project_id=change.entity.project_id, needed=Role.VIEWER)
    heads = read_heads(Head.objects.filter(entity=change.entity))
    before = load_contents(heads=heads)[change.entity.pk]
    fields = find_changes(before, apply_change(before, change.data))
    return ChangePreview(
        fields=fields,
        base_version=heads[change.entity.pk].best_number,
        plan=preview(
            project_id=change.entity.project_id, source_ids=[change.entity.pk], mode=cause.mode
        )
        if fields
        else None,
    )


def _merge(changes: Sequence[Change], contents: Mapping[int, JsonObject]) -> dict[int, JsonObject]:
    merged = dict(contents)
    for change in changes:
        merged[change.entity.pk] = apply_change(merged[change.entity.pk], change.data)
    return merged
