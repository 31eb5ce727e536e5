"""A change of content: applied field by field, compared field by field."""

from collections.abc import Iterator
from dataclasses import dataclass

from versions.canonical import JsonObject, JsonValue

CHANGE_GROUPS = ("visual_changes", "metadata_changes", "relationship_changes")
"""Keys of STORY-089's change_data that group fields by classifier; their fields are the change."""


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field before and after; None where it did not or does not exist."""

    field: str
    before: JsonValue
    after: JsonValue


def apply_change(content: JsonObject, change: JsonObject) -> JsonObject:
    """Return the content after the change, by the rules of JSON Merge Patch (RFC 7396).

    Objects merge, null removes a field, all else replaces. The groups of STORY-089
    (`visual_changes` and its like) are opened first: they say what kind of change it is, not
    where the fields lie.
    """
    patch = {key: value for key, value in change.items() if key not in CHANGE_GROUPS}
    for group in CHANGE_GROUPS:
        fields = change.get(group)
        patch |= fields if isinstance(fields, dict) else ({} if fields is None else {group: fields})
    return _merge(content, patch)


def find_changes(before: JsonValue, after: JsonValue) -> list[FieldChange]:
    """Return the fields that differ, by dotted path, ascending; objects are compared inside."""
    return sorted(_walk("", before, after), key=lambda change: change.field)


def _merge(content: JsonObject, patch: JsonObject) -> JsonObject:
    merged = dict(content)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            current = merged.get(key)
            merged[key] = _merge(current if isinstance(current, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def _walk(path: str, before: JsonValue, after: JsonValue) -> Iterator[FieldChange]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            inner = f"{path}.{key}" if path else key
            yield from _walk(inner, before.get(key), after.get(key))
    elif before != after or type(before) is not type(after):
        yield FieldChange(field=path, before=before, after=after)
