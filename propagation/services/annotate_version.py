"""Approve, reject, hide and describe versions; what follows approvals is brought up to date."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from assets.models import AssetReference, Entity, Follow, Role
from assets.services.access import check_role
from propagation.execution.start import Cause, start_run
from propagation.live.events import News, record_events
from propagation.models import PropagationRun
from versions.models import DEFINITION, Annotation, Head, Status, Version
from versions.services import annotate
from versions.services.annotate import Remark, move_approved
from versions.services.following import find_outdated
from versions.services.heads import lock_heads
from versions.services.resolve import load_version
from versions.services.slots import lock_entities

DECISIONS = (Status.APPROVED, Status.REJECTED)
"""What only supervisors say, and take back."""


@dataclass(frozen=True, kw_only=True)
class Annotated:
    """A version with what is said of it now. run: of what follows the approval, if anything."""

    version: Version
    is_changed: bool
    run: PropagationRun | None = None


@transaction.atomic
def annotate_version(
    *, entity: Entity, slot: str, number: int, remark: Remark, cause: Cause, at: datetime
) -> Annotated:
    """Write the remark about a version; a run starts when references follow another one by it.

    Artists hide, describe, and send to review; approving, rejecting and taking either back needs
    a supervisor. RoleTooLowError, VersionNotFoundError, InvalidMetadataError, RemarkMovedError.
    """
    project_id = entity.project_id
    if slot == DEFINITION:
        lock_heads(Head.objects.filter(entity=entity))
    else:
        lock_entities(ids=[entity.pk])
    version = load_version(entity=entity, number=number, slot=slot)
    needed = _find_needed_role(version, remark)
    check_role(actor=cause.actor, project_id=project_id, needed=needed)
    said = annotate.annotate_version(version=version, remark=remark, actor=cause.actor, at=at)
    if said is None:
        return Annotated(version=version, is_changed=False)
    version = load_version(entity=entity, number=number, slot=slot)
    news = [_tell(entity, version, said)]
    if move_approved(version=version) and slot == DEFINITION and _is_followed(entity):
        run = start_run(
            project_id=project_id,
            sources={entity.pk: _find_approved(entity) or version.pk},
            moved=frozenset({Follow.LATEST_APPROVED}),
            cause=cause,
            at=at,
            news=news,
        )
        return Annotated(version=version, is_changed=True, run=run)
    record_events(project_id=project_id, news=news, at=at)
    return Annotated(version=version, is_changed=True)


def _find_needed_role(version: Version, remark: Remark) -> Role:
    said = Annotation.objects.filter(version=version).first()
    before = said.status if said else Status.DRAFT
    is_moved = remark.status not in (None, before)
    decides = is_moved and (remark.status in DECISIONS or before in DECISIONS)
    return Role.SUPERVISOR if decides else Role.ARTIST


def _is_followed(entity: Entity) -> bool:
    """Tell whether the approval left a reference outdated."""
    references = AssetReference.objects.filter(source=entity, follow=Follow.LATEST_APPROVED)
    return find_outdated(references).exists()


def _find_approved(entity: Entity) -> int | None:
    head = Head.objects.filter(entity=entity, slot=DEFINITION)
    return head.values_list("approved_id", flat=True).get()


def _tell(entity: Entity, version: Version, said: Annotation) -> News:
    return News(
        type="version_annotated",
        payload={
            "asset_id": entity.code,
            "slot": version.slot,
            "number": version.number,
            "status": said.status,
            "is_hidden": said.is_hidden,
        },
    )
