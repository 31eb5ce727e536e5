"""Change entities and bring all that depends on them up to date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from assets.models import Entity, Role
from assets.services.access import check_role
from propagation.execution.start import Cause, Preview, preview, tell_fields
from propagation.planning.plan import Plan
from propagation.services.change_content import Outcome, load_contents, publish_contents
from propagation.services.check_change import check_change, drop_empty_prompt
from propagation.services.opening import open_definitions
from versions.canonical import JsonObject, hash_text, write_canonical
from versions.change import FieldChange, apply_patches, find_changes, split_groups
from versions.exceptions import VersionMovedError
from versions.facets import NO_FACETS, Facet
from versions.models import Head, Origin
from versions.services.classify import classify_changes, read_set_back
from versions.services.heads import HeadState, read_heads
from versions.services.slots import check_unlocked


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

    contents: the SHA-256 of what each that changes would carry. facets: what the fields belong to.
    found None: nothing differs.
    """

    fields: Mapping[int, Sequence[FieldChange]]
    base_versions: Mapping[int, int]
    found: Preview | None
    contents: Mapping[int, str] = field(default_factory=dict)
    facets: Mapping[int, Facet] = field(default_factory=dict)

    @property
    def plan(self) -> Plan | None:
        """What the run would be."""
        return self.found.plan if self.found else None


def propagate_change(*, change: Change, cause: Cause, at: datetime) -> Outcome:
    """Publish the changed content and start the run; errors as `propagate_changes`."""
    return propagate_changes(changes=[change], cause=cause, at=at)


@transaction.atomic
def propagate_changes(*, changes: Sequence[Change], cause: Cause, at: datetime) -> Outcome:
    """Publish several changes of one project together; one run covers the union of dependents.

    Changes of one entity merge in order into one version. RoleTooLowError; VersionMovedError when
    an entity moved on since a change's base version; EntityLockedError; InvalidChangeError for
    fields that are no content. Values that are equal already are no change.
    """
    project_id = changes[0].entity.project_id
    check_role(actor=cause.actor, project_id=project_id, needed=Role.ARTIST)
    heads = open_definitions(entities=[change.entity for change in changes])
    before = load_contents(heads=heads)
    return publish_contents(
        project_id=project_id,
        heads=heads,
        before=before,
        contents=_merge(changes, heads, before),
        origin=Origin.AUTHORED,
        cause=cause,
        at=at,
    )


def preview_changes(*, changes: Sequence[Change], cause: Cause) -> ChangePreview:
    """Return what the changes of one project would do now, and write nothing; same errors."""
    project_id = changes[0].entity.project_id
    check_role(actor=cause.actor, project_id=project_id, needed=Role.VIEWER)
    heads = read_heads(Head.objects.filter(entity_id__in=[one.entity.pk for one in changes]))
    check_unlocked(entity_ids=list(heads))
    before = load_contents(heads=heads)
    after = _merge(changes, heads, before)
    return make_preview(
        project_id=project_id,
        heads=heads,
        fields={pk: find_changes(before[pk], after[pk]) for pk in heads},
        contents=after,
        cause=cause,
    )


def make_preview(
    *,
    project_id: int,
    heads: Mapping[int, HeadState],
    fields: Mapping[int, Sequence[FieldChange]],
    contents: Mapping[int, JsonObject],
    cause: Cause,
) -> ChangePreview:
    """Return the preview of a change of these fields to these contents, with its plan."""
    changed = {pk: contents[pk] for pk, found in fields.items() if found}
    latest = classify_changes(project_id=project_id, heads=heads, contents=changed)
    set_back = read_set_back(heads=[heads[pk] for pk in changed])
    facets = {pk: some | set_back.get(pk, NO_FACETS) for pk, some in latest.items()}
    return ChangePreview(
        fields=fields,
        base_versions={pk: head.best_number for pk, head in heads.items()},
        facets=facets,
        contents={pk: hash_text(write_canonical(content)) for pk, content in changed.items()},
        found=preview(
            project_id=project_id,
            sources=facets,
            mode=cause.mode,
            excluded=cause.excluded,
            facts=tell_fields(fields),
        )
        if changed
        else None,
    )


def check_base(*, head: HeadState, base_version: int | None) -> None:
    """Raise VersionMovedError unless the head is at the version that a change started from."""
    if base_version not in (None, head.best_number):
        raise VersionMovedError(
            entity_code=head.entity_code,
            slot=head.slot,
            given=base_version,
            current=head.best_number,
        )


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
