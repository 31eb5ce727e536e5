"""The resolved view of a version: its content and what it was made from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from assets.models import Entity
from assets.setwise import select_ids
from versions.canonical import JsonObject
from versions.exceptions import VersionNotFoundError
from versions.models import DEFINITION, Version, VersionInput
from versions.services.slots import check_slot

MAX_NUMBER = 2**31 - 1
"""What a column of numbers holds; there is no version beyond it."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """One input of a version: which entity, in which role, at which of its versions."""

    source_id: int
    source_code: str
    role: str
    label: str
    position: int
    attributes: JsonObject
    version_id: int
    version_number: int
    content_id: int


def load_version(*, entity: Entity, number: int, slot: str = DEFINITION) -> Version:
    """Return the version of that number with its content; VersionNotFoundError.

    SlotNotFoundError when nothing was ever published in the slot.
    """
    version = (
        Version.objects.filter(entity=entity, slot=slot, number=number)
        .select_related("entity__project", "content", "author", "annotation")
        .first()
        if number <= MAX_NUMBER
        else None
    )
    if version is None:
        check_slot(entity=entity, slot=slot)
        raise VersionNotFoundError(entity.code, number, slot)
    return version


def load_uses(*, version: Version) -> list[Use]:
    """Return all that the version consumed, one step upstream, by role, in the order of the cut."""
    if version.slot != DEFINITION:
        return []
    return load_all_uses(numbers={version.entity_id: version.number})[version.entity_id]


def load_all_uses(*, numbers: Mapping[int, int]) -> dict[int, list[Use]]:
    """Return what the definitions of these numbers consumed, by entity id; one statement.

    Derived from what they and their predecessors recorded, so old versions resolve as they did.
    """
    newest: dict[int, dict[tuple[int, str, str], Use | None]] = {pk: {} for pk in numbers}
    rows: Iterable[tuple[Any, ...]] = (
        VersionInput.objects.filter(
            version__entity_id__in=select_ids(numbers),
            version__slot=DEFINITION,
            version__number__lte=max(numbers.values(), default=0),
        )
        # What it was made from itself is no use: versions.services.made_from.
        .exclude(source=F("version__entity"))
        .order_by("version__number")
        .values_list(
            "version__entity_id",
            "version__number",
            "source_id",
            "source__code",
            "role",
            "label",
            "position",
            "attributes",
            "source_version_id",
            "source_version__number",
            "source_version__content_id",
        )
    )
    for entity_id, made_at, source_id, code, role, label, *rest in rows:
        if made_at > numbers[entity_id]:
            continue
        position, attributes, version_id, number, content_id = rest
        newest[entity_id][source_id, role, label] = (
            Use(
                source_id=source_id,
                source_code=code,
                role=role,
                label=label,
                position=position,
                attributes=attributes,
                version_id=version_id,
                version_number=number,
                content_id=content_id,
            )
            if version_id
            else None  # the reference was removed
        )
    return {
        entity_id: sorted(
            (use for use in uses.values() if use),
            key=lambda use: (use.role, use.position, use.source_code, use.label),
        )
        for entity_id, uses in newest.items()
    }
