"""Take an entity back to an earlier version, and everything that depends on it along."""

from datetime import datetime

from django.db import transaction

from assets.models import Entity, Role
from assets.services.access import check_role
from propagation.execution.start import Cause
from propagation.services.change_content import Outcome, load_contents, publish_drafts
from propagation.services.propagate_change import ChangePreview, check_base, make_preview
from versions.change import find_changes
from versions.models import Head, Origin
from versions.services.heads import lock_heads, read_heads
from versions.services.publish import Draft
from versions.services.resolve import load_version


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
    content that is current does nothing. RoleTooLowError, VersionNotFoundError; VersionMovedError
    when the entity moved on since the base version.
    """
    check_role(actor=cause.actor, project_id=entity.project_id, needed=Role.SUPERVISOR)
    heads = lock_heads(Head.objects.filter(entity=entity))
    head = heads[entity.pk]
    check_base(head=head, base_version=base_version)
    target = load_version(entity=entity, number=to_version)
    if target.content.sha256 == head.content_sha256:
        return Outcome(run=None, version_numbers={entity.pk: head.best_number})
    draft = Draft(
        entity_id=entity.pk,
        entity_code=entity.code,
        parent=head.best,
        latest_number=head.latest_number,
        content_id=target.content_id,
        content_sha256=target.content.sha256,
        note=cause.note,
    )
    return publish_drafts(
        project_id=entity.project_id,
        heads=heads,
        drafts=[draft],
        names={entity.pk: target.content.data.get("name")},
        origin=Origin.REVERTED,
        cause=cause,
        at=at,
    )


def preview_rollback(
    *, entity: Entity, to_version: int, cause: Cause, base_version: int | None = None
) -> ChangePreview:
    """Return what the roll back would do now, and write nothing; same errors."""
    check_role(actor=cause.actor, project_id=entity.project_id, needed=Role.VIEWER)
    heads = read_heads(Head.objects.filter(entity=entity))
    check_base(head=heads[entity.pk], base_version=base_version)
    target = load_version(entity=entity, number=to_version)
    current = load_contents(heads=heads)[entity.pk]
    return make_preview(
        project_id=entity.project_id,
        heads=heads,
        fields={entity.pk: find_changes(current, target.content.data)},
        cause=cause,
    )
