"""Take an entity back to an earlier version, and everything that depends on it along."""

from datetime import datetime

from django.db import transaction

from assets.models import Entity, Role
from assets.services.access import check_role
from propagation.execution.start import Cause, preview
from propagation.services.change_content import Outcome, publish_drafts
from propagation.services.propagate_change import ChangePreview
from versions.change import find_changes
from versions.exceptions import VersionNotFoundError
from versions.models import DEFINITION, Content, Head, Origin, Version
from versions.services.heads import lock_heads, read_heads
from versions.services.publish import Draft


@transaction.atomic
def roll_back(*, entity: Entity, to_version: int, cause: Cause, at: datetime) -> Outcome:
    """Publish a new version with the old one's content, and start the run.

    A way forward: numbers are never reused and history keeps all that was. A roll back to the
    content that is current does nothing. RoleTooLowError, VersionNotFoundError.
    """
    check_role(actor=cause.actor, project_id=entity.project_id, needed=Role.SUPERVISOR)
    heads = lock_heads(Head.objects.filter(entity=entity))
    head = heads[entity.pk]
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


def preview_rollback(*, entity: Entity, to_version: int, cause: Cause) -> ChangePreview:
    """Return what the roll back would do now, and write nothing."""
    check_role(actor=cause.actor, project_id=entity.project_id, needed=Role.VIEWER)
    head = read_heads(Head.objects.filter(entity=entity))[entity.pk]
    target = load_version(entity=entity, number=to_version)
    current = Content.objects.get(pk=head.content_id)
    fields = find_changes(current.data, target.content.data)
    return ChangePreview(
        fields=fields,
        base_version=head.best_number,
        plan=preview(project_id=entity.project_id, source_ids=[entity.pk], mode=cause.mode)
        if fields
        else None,
    )


def load_version(*, entity: Entity, number: int) -> Version:
    """Return the entity's definition of that number with its content; VersionNotFoundError."""
    version = (
        Version.objects.filter(entity=entity, slot=DEFINITION, number=number)
        .select_related("content", "author")
        .first()
    )
    if version is None:
        raise VersionNotFoundError(entity.code, number)
    return version
