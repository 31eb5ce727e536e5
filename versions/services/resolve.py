"""The resolved view of a version: its content and what it was made from."""

from dataclasses import dataclass

from assets.models import Entity
from versions.canonical import JsonObject
from versions.exceptions import VersionNotFoundError
from versions.models import DEFINITION, Version, VersionInput


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


def load_uses(*, version: Version) -> list[Use]:
    """Return all that the version consumed, one step upstream, by role, in the order of the cut.

    Derived from what it and its predecessors recorded, so old versions resolve as they did.
    """
    newest: dict[tuple[int, str, str], Use | None] = {}
    rows = (
        VersionInput.objects.filter(
            version__entity=version.entity_id,
            version__slot=version.slot,
            version__number__lte=version.number,
        )
        .order_by("version__number")
        .values_list(
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
    for source_id, code, role, label, position, attributes, version_id, number, content_id in rows:
        newest[source_id, role, label] = (
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
    return sorted(
        (use for use in newest.values() if use),
        key=lambda use: (use.role, use.position, use.source_code, use.label),
    )
