"""Change entities and bring all that depends on them up to date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from assets.models import Entity, Role
from assets.services.access import check_role
from propagation.execution.start import Cause, preview
from propagation.planning.plan import Plan
from propagation.services.change_content import Outcome, load_contents, publish_contents
from propagation.services.check_change import check_change, drop_empty_prompt
from versions.canonical import JsonObject
from versions.change import FieldChange, apply_patches, find_changes, split_groups
from versions.exceptions import VersionMovedError
from versions.models import Head, Origin
from versions.services.heads import HeadState, lock_heads, read_heads


@dataclass(frozen=True, kw_only=True)
class Change:
    """Fields to change on one entity, and the version that the change started from.

    data: a JSON Merge Patch. has_groups: it may hold the story's groups of fields, such as
    visual_changes. base_version None: merge into whatever is current.
    """

    entity: Entity
    data: JsonObject
    base_version: int | None = None
    has_groups: bool = True

    @property
    def patches(self) -> list[JsonObject]:
        """The merge patches of the content, to be applied one after the other."""
        return split_groups(self.data) if self.has_groups else [self.data]


@dataclass(frozen=True, kw_only=True)
class ChangePreview:
    """What changes would do: per entity id the fields that differ and the version it is at now.

    plan None: nothing differs.
    """

    fields: Mapping[int, Sequence[FieldChange]]
    base_versions: Mapping[int, int]
    plan: Plan | None


def propagate_change(*, change: Change, cause: Cause, at: datetime) -> Outcome:
    """Publish the changed content and start the run; errors as `propagate_changes`."""
    return propagate_changes(changes=[change], cause=cause, at=at)


@transaction.atomic
def propagate_changes(*, changes: Sequence[Change], cause: Cause, at: datetime) -> Outcome:
    """Publish several changes of one project together; one run covers the union of dependents.

    Changes of one entity merge in order into one version. RoleTooLowError; VersionMovedError when
    an entity moved on since a change's base version; InvalidChangeError for fields that are no
    content. Values that are equal already are no change.
    """
    project_id = changes[0].entity.project_id
    check_role(actor=cause.actor, project_id=project_id, needed=Role.ARTIST)
    heads = lock_heads(_select_heads(changes))
    return publish_contents(
        project_id=project_id,
        heads=heads,
        contents=_merge(changes, heads, load_contents(heads=heads)),
        origin=Origin.AUTHORED,
        cause=cause,
        at=at,
    )


def preview_changes(*, changes: Sequence[Change], cause: Cause) -> ChangePreview:
    """Return what the changes of one project would do now, and write nothing; same errors."""
    project_id = changes[0].entity.project_id
    check_role(actor=cause.actor, project_id=project_id, needed=Role.VIEWER)
    heads = read_heads(_select_heads(changes))
    before = load_contents(heads=heads)
    after = _merge(changes, heads, before)
    return make_preview(
        project_id=project_id,
        heads=heads,
        fields={pk: find_changes(before[pk], after[pk]) for pk in heads},
        cause=cause,
    )


def make_preview(
    *,
    project_id: int,
    heads: Mapping[int, HeadState],
    fields: Mapping[int, Sequence[FieldChange]],
    cause: Cause,
) -> ChangePreview:
    """Return the preview of a change of these fields, with its plan when there is one."""
    changed = [pk for pk, found in fields.items() if found]
    return ChangePreview(
        fields=fields,
        base_versions={pk: head.best_number for pk, head in heads.items()},
        plan=preview(project_id=project_id, source_ids=changed, mode=cause.mode)
        if changed
        else None,
    )


def check_base(*, head: HeadState, base_version: int | None) -> None:
    """Raise VersionMovedError unless the head is at the version that a change started from."""
    if base_version not in (None, head.best_number):
        raise VersionMovedError(
            entity_code=head.entity_code, given=base_version, current=head.best_number
        )


def _select_heads(changes: Sequence[Change]) -> QuerySet[Head]:
    return Head.objects.filter(entity_id__in=[one.entity.pk for one in changes])


def _merge(
    changes: Sequence[Change],
    heads: Mapping[int, HeadState],
    contents: Mapping[int, JsonObject],
) -> dict[int, JsonObject]:
    merged = dict(contents)
    for change in changes:
        pk = change.entity.pk
        check_change(kind=change.entity.kind, patches=change.patches)
        check_base(head=heads[pk], base_version=change.base_version)
        merged[pk] = drop_empty_prompt(apply_patches(merged[pk], change.patches))
    return merged
