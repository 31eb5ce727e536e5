"""Choose which version of a slot is the best: what others use and look-ups answer."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from assets.models import Entity, Follow, Role
from assets.services.access import check_role
from propagation.audit.trail import Trace, id_of
from propagation.conflicts.editing import check_editing
from propagation.execution.cause import Cause, tell_fields
from propagation.execution.stale import check_nothing_shown
from propagation.execution.start import preview, start_run
from propagation.live.events import News, record_events
from propagation.planning.reach import PUBLISHED
from propagation.services.change_content import Outcome, mirror_project, rename_entities
from propagation.services.opening import open_definitions
from propagation.services.propagate_change import ChangePreview
from propagation.services.roll_back import revert_content
from versions.change import FieldChange, find_changes
from versions.exceptions import EntityLockedError
from versions.facets import Facet
from versions.models import DEFINITION, BestChoice, Content, Head, Version
from versions.naming import write_version_id
from versions.services.classify import read_facets_between
from versions.services.heads import HeadState, check_base, read_states
from versions.services.resolve import load_all_uses, load_version
from versions.services.slots import check_slot, check_unlocked, open_slots

BEST_ONLY = frozenset({Follow.BEST})
"""What references follow that a moved pointer reaches: nothing was published."""


@transaction.atomic
def set_best(
    *,
    entity: Entity,
    slot: str,
    number: int,
    cause: Cause,
    at: datetime,
    base_version: int | None = None,
) -> Outcome:
    """Make the version of that number the best of its slot; nothing when it is already.

    In a slot of media the pointer moves. So it does for a definition, and a run brings along what
    follows it, as long as that version was made from what the entity uses now. When it was not,
    its content is published as a new version on what is used now, as by a roll back: what an
    entity is made from never goes back by itself. RoleTooLowError (artists choose media,
    supervisors definitions), VersionNotFoundError, SlotNotFoundError, EntityLockedError,
    BaseRequiredError, FieldsLeasedError;
    VersionMovedError when the best is not the base version.
    """
    needed = Role.SUPERVISOR if slot == DEFINITION else Role.ARTIST
    check_role(actor=cause.actor, project_id=entity.project_id, needed=needed)
    if slot == DEFINITION:
        return _set_definition(entity, number, cause, at, base_version)
    check_slot(entity=entity, slot=slot)
    slots = open_slots(slots=[(entity.pk, slot)])
    if entity.pk in slots.locked:
        raise EntityLockedError(entity.code)
    check_editing(entities=[entity], base_version=base_version, actor=cause.actor, at=at)
    head = slots.heads[entity.pk, slot]
    check_base(head=head, base_version=base_version)
    version = load_version(entity=entity, number=number, slot=slot)
    is_moved = head.best.id != version.pk
    if is_moved:
        _choose(head, version, cause, at)
        record_events(
            project_id=entity.project_id,
            news=[_tell(entity, version, head.best_number, cause)],
            at=at,
        )
    return Outcome(
        run=None,
        version_numbers={entity.pk: number},
        changed=frozenset({entity.pk} if is_moved else ()),
    )


def preview_best(
    *, entity: Entity, slot: str, number: int, cause: Cause, base_version: int | None = None
) -> ChangePreview:
    """Return what choosing that version would do now, and write nothing; same errors."""
    check_role(actor=cause.actor, project_id=entity.project_id, needed=Role.VIEWER)
    check_unlocked(entity_ids=[entity.pk])
    check_slot(entity=entity, slot=slot)
    head = next(iter(read_states(Head.objects.filter(entity=entity, slot=slot))))
    check_base(head=head, base_version=base_version)
    version = load_version(entity=entity, number=number, slot=slot)
    fields = _find_fields(head, version)
    follows = slot == DEFINITION and version.pk != head.best.id
    is_same = follows and _is_made_from_the_same(version, head)
    is_changed = follows and (bool(fields) or is_same)
    return ChangePreview(
        fields={entity.pk: fields},
        base_versions={entity.pk: head.best_number},
        contents={entity.pk: version.content.sha256},
        found=preview(
            project_id=entity.project_id,
            sources={entity.pk: _find_facets(head, version)},
            mode=cause.mode,
            excluded=cause.excluded,
            facts=tell_fields({entity.pk: fields}),
            moved=BEST_ONLY if is_same else PUBLISHED,
        )
        if is_changed
        else None,
    )


def _set_definition(
    entity: Entity, number: int, cause: Cause, at: datetime, base_version: int | None
) -> Outcome:
    heads = open_definitions(entities=[entity])
    check_editing(entities=[entity], base_version=base_version, actor=cause.actor, at=at)
    head = heads[entity.pk]
    check_base(head=head, base_version=base_version)
    version = load_version(entity=entity, number=number)
    if version.pk == head.best.id:
        check_nothing_shown(cause.shown)
        return Outcome(run=None, version_numbers={entity.pk: number})
    if not _is_made_from_the_same(version, head):
        return revert_content(entity=entity, heads=heads, target=version, cause=cause, at=at)
    return _move_definition(entity, heads, version, cause, at)


def _is_made_from_the_same(version: Version, head: HeadState) -> bool:
    """Tell whether a definition carries the inputs that its entity uses now."""
    numbers = (version.number, head.latest_number)
    then, now = (
        load_all_uses(numbers={version.entity_id: number})[version.entity_id] for number in numbers
    )
    return then == now


def _move_definition(
    entity: Entity,
    heads: Mapping[int, HeadState],
    version: Version,
    cause: Cause,
    at: datetime,
) -> Outcome:
    head = heads[entity.pk]
    at = _choose(head, version, cause, at)
    content = version.content.data
    rename_entities(names={entity.pk: content.get("name")}, actor=cause.actor, at=at)
    mirror_project(project_id=entity.project_id, contents={entity.pk: content}, actor=cause.actor)
    run = start_run(
        project_id=entity.project_id,
        sources={entity.pk: version.pk},
        before=heads,
        facets={entity.pk: _find_facets(head, version)},
        facts=tell_fields({entity.pk: _find_fields(head, version)}),
        moved=BEST_ONLY,
        cause=cause,
        at=at,
        news=[_tell(entity, version, head.best_number, cause)],
    )
    return Outcome(
        run=run, version_numbers={entity.pk: version.number}, changed=frozenset({entity.pk})
    )


def _find_fields(head: HeadState, version: Version) -> list[FieldChange]:
    """Return the fields in which a version differs from the best one."""
    before = Content.objects.get(pk=head.content_id)
    return find_changes(before.data, version.content.data)


def _find_facets(head: HeadState, version: Version) -> Facet:
    numbers = (head.best_number, version.number)
    return read_facets_between(entity_id=version.entity_id, numbers=numbers)


def _choose(head: HeadState, version: Version, cause: Cause, at: datetime) -> datetime:
    """Move the pointer and remember who did; return the time of it, never before the latest's."""
    chosen_at = max(at, head.latest_at)
    Head.objects.filter(entity=head.entity_id, slot=head.slot).update(best=version)
    BestChoice.objects.create(
        version=version,
        author=cause.actor,
        reason=cause.note,
        chosen_at=chosen_at,
        latest_number=head.latest_number,
    )
    return chosen_at


def _tell(entity: Entity, version: Version, best: int | None, cause: Cause) -> News:
    return News(
        type="best_changed",
        payload={"asset_id": entity.code, "slot": version.slot, "number": version.number},
        trace=Trace(
            actor_id=id_of(cause.actor),
            reason=cause.note,
            entity_id=entity.pk,
            name=write_version_id(entity.code, version.number, version.slot),
            before={"best": best},
            after={"best": version.number},
        ),
    )
