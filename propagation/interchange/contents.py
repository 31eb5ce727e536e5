"""The content of each record: what is left when ids and references are taken out."""

import re
from collections.abc import Iterable
from typing import Any

from assets.limits import NAME_LENGTH
from propagation.interchange.defects import DefectList
from propagation.interchange.production import SHOT_ROLES, RecordedEntity
from propagation.interchange.records import Record
from versions.canonical import write_canonical

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
REFERENCE_KEYS = {
    "asset": frozenset({"id", "type", "worn_by", "used_in", "depends_on"}),
    "shot": frozenset({"shot_id", "depends_on", "visual_prompt"}),
    "sequence": frozenset({"sequence_id", "shots", "parent", "depends_on"}),
    "project": frozenset({"id"}),
}
PROMPT_KEYS = frozenset(f"{role}_references" for role in SHOT_ROLES)


def make_entities(records: Iterable[Record], defects: DefectList) -> list[RecordedEntity]:
    """Return the entity of each record; what no database can hold is a defect."""
    entities: list[RecordedEntity] = []
    for record in records:
        name = record.data.get("name")
        name = "" if name is None else name
        if not isinstance(name, str) or len(name) > NAME_LENGTH or "\0" in name:
            defects.add(
                f"{record.pointer}/name",
                "bad-name",
                f"A name must be a text of at most {NAME_LENGTH} characters, without NUL.",
            )
            continue
        try:
            body = write_canonical(extract_content(record))
            body.encode()
        except (ValueError, RecursionError) as error:
            defects.add(record.pointer, "bad-text", f"This cannot be stored: {error}.")
            continue
        entities.append(
            RecordedEntity(
                code=record.code,
                kind=record.kind,
                type=record.type,
                name=name,
                body=body,
                pointer=record.pointer,
            )
        )
    return entities


def find_json_problem(value: Any) -> str | None:  # noqa: ANN401 (any JSON value)
    """Return why no jsonb column can hold the value, or None: it refuses NUL and Infinity."""
    try:
        text = write_canonical(value)
        text.encode()
    except (ValueError, RecursionError) as error:
        return f"This cannot be stored: {error}."
    return "This holds a NUL character." if _NUL.search(text) else None


def extract_content(record: Record) -> dict[str, Any]:
    """Return the record without its id, its type and its references."""
    dropped = REFERENCE_KEYS[record.kind]
    content = {key: value for key, value in record.data.items() if key not in dropped}
    prompt = record.data.get("visual_prompt") if record.kind == "shot" else None
    if isinstance(prompt, dict):
        rest = {key: value for key, value in prompt.items() if key not in PROMPT_KEYS}
        if rest:
            content["visual_prompt"] = rest
    return content
