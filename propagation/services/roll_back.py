"""Take an entity back to an earlier version, and everything that depends on it along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from assets.models import Entity, Role
from assets.services.access import check_role
from propagation.conflicts.editing import check_editing
from propagation.execution.cause import Cause
from propagation.execution.stale import check_nothing_shown
from propagation.services.change_content import Outcome, load_contents, publish_drafts
from propagation.services.moved_on import MovedOn, find_moved_on
from propagation.services.opening import open_definitions
from propagation.services.propagate_change import ChangePreview, make_preview
from versions.change import find_changes
from versions.models import DEFINITION, Head, Origin, Version
from versions.services.classify import classify_changes
from versions.services.heads import HeadState, VersionRef, check_base, read_heads
from versions.services.made_from import REVERTS, make_own_input
from versions.services.publish import Draft
from versions.services.resolve import load_version
from versions.services.slots import check_unlocked

MAX_BETWEEN = 1000
"""Versions that a preview lists."""


@dataclass(frozen=True, kw_only=True)
class RollbackPreview:
    """What a roll back would do.

    change: the fields that return, and the plan. between: the versions whose content it takes
    back, newest first. moved_on: dependents that people changed since; they keep those changes.
    """

    change: ChangePreview
    between: Sequence[Version]
    moved_on: Sequence[MovedOn]


@transaction.atomic
def roll_back(
    *,
    entity: Entity,
    to_version: int,
    cause: Cause,
    at: datetime,
    base_version: int | None = None,
) -> Outcome:
    """Publish a new version with the old one's content, and start the run.

    A way forward: numbers are never reused and history keeps all that was. A roll back to the
    content that is current does nothing. RoleTooLowError, VersionNotFoundError, EntityLockedError,
    BaseRequiredError, FieldsLeasedError;
    VersionMovedError when the entity moved on since the base version.
    """
    check_role(actor=cause.actor, project_id=entity.project_id, needed=Role.SUPERVISOR)
    heads = open_definitions(entities=[entity])
    check_editing(entities=[entity], base_version=base_version, actor=cause.actor, at=at)
    check_base(head=heads[entity.pk], base_version=base_version)
    target = load_version(entity=entity, number=to_version)
    return revert_content(entity=entity, heads=heads, target=target, cause=cause, at=at)


def revert_content(
    *,
    entity: Entity,
    heads: Mapping[int, HeadState],
    target: Version,
    cause: Cause,
    at: datetime,
) -> Outcome:
    """Publish the target's content as a new version, unless it is current; the head is locked."""
    head = heads[entity.pk]
    if target.content.sha256 == head.content_sha256:
        check_nothing_shown(cause.shown)
        return Outcome(run=None, version_numbers={entity.pk: head.best_number})
    facets = classify_changes(
        project_id=entity.project_id, heads=heads, contents={entity.pk: target.content.data}
    )
    draft = Draft(
        entity_id=entity.pk,
        entity_code=entity.code,
        head=head,
        content_id=target.content_id,
        content_sha256=target.content.sha256,
        inputs=[
            make_own_input(
                entity_id=entity.pk,
                entity_code=entity.code,
                role=REVERTS,
                version=VersionRef(entity_id=entity.pk, id=target.pk, checksum=target.checksum),
            )
        ],
        changed=facets[entity.pk],
        note=cause.note,
    )
    before = load_contents(heads=heads)[entity.pk]
    return publish_drafts(
        project_id=entity.project_id,
        heads=heads,
        drafts=[draft],
        contents={entity.pk: target.content.data},
        changes={entity.pk: find_changes(before, target.content.data)},
        origin=Origin.REVERTED,
        cause=cause,
        at=at,
    )


def preview_rollback(
    *, entity: Entity, to_version: int, cause: Cause, base_version: int | None = None
) -> RollbackPreview:
    """Return what the roll back would do now, and write nothing; same errors."""
    check_role(actor=cause.actor, project_id=entity.project_id, needed=Role.VIEWER)
    check_unlocked(entity_ids=[entity.pk])
    heads = read_heads(Head.objects.filter(entity=entity))
    check_base(head=heads[entity.pk], base_version=base_version)
    target = load_version(entity=entity, number=to_version)
    current = load_contents(heads=heads)[entity.pk]
    change = make_preview(
        project_id=entity.project_id,
        heads=heads,
        fields={entity.pk: find_changes(current, target.content.data)},
        contents={entity.pk: target.content.data},
        cause=cause,
    )
    between = Version.objects.filter(
        entity=entity,
        slot=DEFINITION,
        number__gt=to_version,
        number__lte=heads[entity.pk].latest_number,
    )
    affected = list(change.plan.lanes) if change.plan else []
    return RollbackPreview(
        change=change,
        between=list(between.select_related("entity", "author").order_by("-number")[:MAX_BETWEEN])
        if change.plan
        else (),
        moved_on=find_moved_on(target=target, affected=affected),
    )
