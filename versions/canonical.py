"""JSON read strictly and written canonically: equal values have one text and one hash."""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from typing import Any, NoReturn, TypeAlias, cast

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, "JsonValue"]

MAX_DEPTH = 32
"""Levels of lists and objects in what people send."""
_CANONICAL = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def write_canonical(value: JsonValue) -> str:
    """Return the JSON text with sorted keys and no white space. ValueError for NaN or Infinity.

    The text itself is stored, not a database's JSON type, which rewrites numbers (1e5 becomes
    100000): the stored content stays byte-equal and its hash can be checked for ever.
    """
    return _CANONICAL.encode(value)


def hash_text(text: str) -> str:
    """Return the SHA-256 of the text's UTF-8 bytes, as 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def check_storable(value: JsonValue) -> None:
    """Raise ValueError for a text that no database holds, or for more than MAX_DEPTH levels."""
    _check_levels(value, MAX_DEPTH)


def _check_levels(value: JsonValue, levels_left: int) -> None:
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            msg = "a text holds NUL or half a surrogate pair"
            raise ValueError(msg)
        return
    if not isinstance(value, dict | list):
        return
    if not levels_left:
        msg = f"it is nested deeper than {MAX_DEPTH} levels"
        raise ValueError(msg)
    for inner in [*value.keys(), *value.values()] if isinstance(value, dict) else value:
        _check_levels(inner, levels_left - 1)


def read_strict(text: str | bytes) -> JsonValue:
    """Return the value of a JSON text; ValueError or RecursionError for what is no JSON.

    Refused beside malformed text: NaN, infinities (also 1e999), bytes that are not UTF-8, and an
    object that names a key twice, of which a lenient reader would drop one in silence.
    """
    return cast(
        "JsonValue",
        json.loads(
            text.decode() if isinstance(text, bytes) else text,
            parse_constant=_refuse_number,
            parse_float=_read_float,
            object_pairs_hook=_make_object,
        ),
    )


def _refuse_number(text: str) -> NoReturn:
    msg = f"{text} is not a number that JSON can hold"
    raise ValueError(msg)


def _read_float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text)


def _make_object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in made if keys.count(key) > 1)
        msg = f"an object names the key {twice!r} twice"
        raise ValueError(msg)
    return made
