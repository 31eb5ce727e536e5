"""What --set says, as a change of content."""

from collections.abc import Iterable

from propagation.management.exits import refuse
from versions.canonical import JsonObject, JsonValue, check_storable, read_strict


def read_assignments(texts: Iterable[str]) -> JsonObject:
    """Return the JSON Merge Patch that assignments such as `a.b=1` make together.

    A value is JSON where it is valid JSON, else text; null removes a field; dots lead into
    objects. CommandError for what assigns nothing, or twice the same.
    """
    patch: JsonObject = {}
    for text in texts:
        path, equals, value = text.partition("=")
        names = path.split(".")
        if not equals or not all(names):
            msg = f'{text!r} assigns nothing; write it as wardrobe="blue coat" or a.b=1.'
            raise refuse(msg)
        _put(patch, names, read_value(value))
    try:
        check_storable(patch)
    except ValueError as error:
        msg = f"This cannot be stored: {error}."
        raise refuse(msg) from error
    return patch


def read_value(text: str) -> JsonValue:
    """Return JSON where it is valid JSON, else the text."""
    try:
        return read_strict(text)
    except (ValueError, RecursionError):
        return text


def _put(patch: JsonObject, names: list[str], value: JsonValue) -> None:
    *outer, last = names
    inside = patch
    for name in outer:
        inner = inside.setdefault(name, {})
        if not isinstance(inner, dict):
            msg = f"{'.'.join(names)} lies in {name}, which --set makes no object."
            raise refuse(msg)
        inside = inner
    if last in inside:
        msg = f"{'.'.join(names)} is set twice."
        raise refuse(msg)
    inside[last] = value
