"""Approve, reject, hide and describe versions; what follows approvals is brought up to date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from assets.models import AssetReference, Entity, Follow, Role
from assets.services.access import check_role
from propagation.conflicts.edits import Edit
from propagation.conflicts.pins import meet_pins
from propagation.conflicts.policy import Resolving, check_based, load_policy
from propagation.conflicts.store import Place, reopen_conflict, store_conflicts, tell_conflicts
from propagation.conflicts.strategies import decide
from propagation.execution.cause import Cause
from propagation.execution.start import start_run
from propagation.live.events import News, record_events
from propagation.models import Conflict, PropagationRun, Subject
from versions.models import DEFINITION, Annotation, Head, Status, Version
from versions.services import annotate
from versions.services.annotate import Remark, move_approved
from versions.services.following import find_outdated
from versions.services.heads import lock_heads, read_heads
from versions.services.resolve import load_version
from versions.services.slots import lock_entities

DECISIONS = (Status.APPROVED, Status.REJECTED)
"""What only supervisors say, and take back."""


@dataclass(frozen=True, kw_only=True)
class Annotated:
    """A version with what is said of it now.

    run: of what follows the approval, if anything. conflicts: why nothing was said.
    """

    version: Version
    is_changed: bool
    run: PropagationRun | None = None
    conflicts: Sequence[Conflict] = ()


@transaction.atomic
def annotate_version(
    *,
    entity: Entity,
    slot: str,
    number: int,
    remark: Remark,
    cause: Cause,
    at: datetime,
    resolving: Resolving | None = None,
) -> Annotated:
    """Write the remark about a version; a run starts when references follow another one by it.

    Artists hide, describe, and send to review; approving, rejecting and taking either back needs
    a supervisor. To hide what somebody pinned is a conflict, and nothing is said then. resolving:
    the conflict that a person resolves so. RoleTooLowError, VersionNotFoundError,
    InvalidMetadataError, RemarkMovedError, BaseRequiredError.
    """
    project_id = entity.project_id
    if slot == DEFINITION:
        lock_heads(Head.objects.filter(entity=entity))
    else:
        lock_entities(ids=[entity.pk])
    version = load_version(entity=entity, number=number, slot=slot)
    needed = _find_needed_role(version, remark)
    check_role(actor=cause.actor, project_id=project_id, needed=needed)
    if resolving is None:
        policy, bases = load_policy(project_id=project_id), [remark.base_revision]
        check_based(policy=policy, base_versions=bases, actor=cause.actor)
    kept = _keep_pinned(version, remark, cause, at, resolving) if remark.is_hidden else []
    if kept:
        return Annotated(version=version, is_changed=False, conflicts=kept)
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


def _keep_pinned(
    version: Version, remark: Remark, cause: Cause, at: datetime, resolving: Resolving | None
) -> list[Conflict]:
    """Store the conflict with those who pinned the version that is to be hidden, if any did."""
    met = meet_pins(version=version)
    if met is None:
        return []
    project_id = version.entity.project_id
    finding = decide(met, load_policy(project_id=project_id, resolving=resolving))
    if finding.decision.is_settled:
        return []
    heads = read_heads(Head.objects.filter(entity=version.entity))
    place = Place(entity=version.entity, head=heads[version.entity_id], base_id=version.pk)
    if resolving is not None:
        kept = [reopen_conflict(pk=resolving.conflict_id, place=place, findings=[finding])]
    else:
        asked = {"slot": version.slot, "number": version.number, "note": remark.note}
        edit = Edit(subject=Subject.VISIBILITY, asked=asked, cause=cause)
        kept = store_conflicts(place=place, edit=edit, findings=[finding], at=at)
    record_events(project_id=project_id, news=tell_conflicts(kept), at=at)
    return kept


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
