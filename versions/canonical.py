"""Canonical JSON: the one text that stands for a value, so that equal values hash alike."""

import hashlib
import json
from typing import TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = "dict[str, JsonValue]"


def write_canonical(value: JsonValue) -> str:
    """Return the JSON text with sorted keys and no white space. ValueError for NaN or Infinity.

    The text itself is stored, not a database's JSON type, which rewrites numbers (1e5 becomes
    100000): the stored content stays byte-equal and its hash can be checked for ever.
    """
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )


def hash_text(text: str) -> str:
    """Return the SHA-256 of the text's UTF-8 bytes, as 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()
