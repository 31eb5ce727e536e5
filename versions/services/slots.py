"""Slots of media under lock: where they stand, and what their next versions can be made from."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from assets.models import Entity
from assets.setwise import select_ids
from versions.exceptions import EntityLockedError, SlotNotFoundError
from versions.models import DEFINITION, Head, Version
from versions.services.heads import HeadState, VersionRef, read_states

SlotKey = tuple[int, str]
"""Entity id and slot."""


@dataclass(frozen=True, kw_only=True)
class OpenSlots:
    """The slots of locked entities.

    heads: of the slots that have versions. definitions: by (entity id, number). locked: ids of
    entities that people may not change.
    """

    heads: Mapping[SlotKey, HeadState]
    definitions: Mapping[tuple[int, int], VersionRef]
    locked: frozenset[int]

    def find_definition(self, entity_id: int, number: int | None) -> VersionRef | None:
        """Return the entity's definition of that number; None: its best, if it has any."""
        if number is not None:
            return self.definitions.get((entity_id, number))
        head = self.heads.get((entity_id, DEFINITION))
        return head.best if head else None


def lock_entities(*, ids: Collection[int]) -> frozenset[int]:
    """Lock the entities' rows in ascending id until the transaction ends; return the locked ones.

    It guards the slots of media, whose first version has no head to lock. Whoever needs heads of
    definitions as well takes them before.
    """
    rows = Entity.objects.filter(pk__in=select_ids(ids)).order_by("pk")
    rows = rows.select_for_update(of=("self",), no_key=True)
    return frozenset(pk for pk, is_locked in rows.values_list("pk", "is_locked") if is_locked)


def open_slots(
    *, slots: Collection[SlotKey], definitions: Iterable[tuple[int, int]] = ()
) -> OpenSlots:
    """Lock the entities of the slots and read where they stand; three statements.

    definitions: (entity id, number) of older ones that media were made from.
    """
    ids = {entity_id for entity_id, _ in slots}
    locked = lock_entities(ids=ids)
    names = {slot for _, slot in slots} | {DEFINITION}
    heads = Head.objects.filter(entity_id__in=select_ids(ids), slot__in=names)
    wanted = set(definitions)
    numbers = {number for _, number in wanted}
    versions = Version.objects.filter(
        entity_id__in=select_ids({entity_id for entity_id, _ in wanted}),
        slot=DEFINITION,
        number__in=numbers,
    )
    return OpenSlots(
        heads={(state.entity_id, state.slot): state for state in read_states(heads)},
        definitions={
            (entity_id, number): VersionRef(entity_id=entity_id, id=pk, checksum=checksum)
            for entity_id, number, pk, checksum in versions.values_list(
                "entity_id", "number", "pk", "checksum"
            )
            if (entity_id, number) in wanted
        },
        locked=locked,
    )


def check_slot(*, entity: Entity, slot: str) -> None:
    """Raise SlotNotFoundError, with the nearest slot, for one that was never published into."""
    known = list(Head.objects.filter(entity=entity).values_list("slot", flat=True))
    if slot not in known:
        raise SlotNotFoundError(entity.code, slot, known=known)


def check_unlocked(*, entity_ids: Collection[int]) -> None:
    """Raise EntityLockedError for the first that people may not change.

    The caller holds the locks on their definitions' heads, as does whoever locks an entity.
    """
    condition = Q(pk__in=select_ids(entity_ids), is_locked=True)
    code = Entity.objects.filter(condition).order_by("pk").values_list("code", flat=True).first()
    if code is not None:
        raise EntityLockedError(code)
