"""Turn stored entities and references back into records of a production file."""

from collections.abc import Iterable
from dataclasses import dataclass

from propagation.interchange.production import SHOT_ROLES
from versions.canonical import JsonObject, JsonValue


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredEntity:
    """An entity as it is stored."""

    code: str
    kind: str
    type: str
    content: JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredLink:
    """A reference as it is stored; other: the id at its far end."""

    other: str
    role: str
    attributes: JsonObject


def write_asset(entity: StoredEntity, uses: Iterable[StoredLink]) -> JsonObject:
    """Return the record of an asset. A use that has no key of its own is a depends_on."""
    record: JsonObject = {**entity.content, "id": entity.code, "type": entity.type}
    for use in uses:
        if use.role == "worn_by" and "worn_by" not in record:
            record["worn_by"] = use.other
        else:
            _append(record, "used_in" if use.role == "used_in" else "depends_on", _point(use))
    return record


def write_shot(entity: StoredEntity, uses: Iterable[StoredLink]) -> JsonObject:
    """Return the record of a shot."""
    record: JsonObject = {**entity.content, "shot_id": entity.code}
    prompt = record.get("visual_prompt")
    references: JsonObject = dict(prompt) if isinstance(prompt, dict) else {}
    for use in uses:
        if use.role in SHOT_ROLES:
            is_plain = use.role == "prop" and not use.attributes
            pointer: JsonValue = (
                use.other if is_plain else {"asset_id": use.other, **use.attributes}
            )
            _append(references, f"{use.role}_references", pointer)
        else:
            _append(record, "depends_on", _point(use))
    if references:
        record["visual_prompt"] = references
    return record


def write_sequence(
    entity: StoredEntity, uses: Iterable[StoredLink], parents: Iterable[StoredLink]
) -> JsonObject:
    """Return the record of a sequence; parents: the sequences that use it as a part."""
    record: JsonObject = {**entity.content, "sequence_id": entity.code}
    for use in uses:
        if use.role != "in_parent":
            _append(record, "shots" if use.role == "in_sequence" else "depends_on", _point(use))
    for parent in parents:
        record["parent"] = parent.other
    return record


def _point(use: StoredLink) -> JsonValue:
    return {"asset_id": use.other, **use.attributes} if use.attributes else use.other


def _append(record: JsonObject, key: str, value: JsonValue) -> None:
    values = record.setdefault(key, [])
    if isinstance(values, list):
        values.append(value)
