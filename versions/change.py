"""A change of content: applied field by field, compared field by field."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce

from versions.canonical import JsonObject, JsonValue, write_canonical

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

    Objects merge, null removes a field, all else replaces.
    """
    return apply_patches(content, split_groups(change))


def apply_patches(content: JsonObject, patches: Iterable[JsonObject]) -> JsonObject:
    """Return the content after these merge patches, one after the other."""
    return reduce(_merge, patches, content)


def split_groups(change: JsonObject) -> list[JsonObject]:
    """Return the merge patches that a change consists of, to be applied one after the other.

    The groups of STORY-089 (`visual_changes` and its like) say what kind of change it is, not
    where the fields lie, so each is a patch of the whole. A group that is no object is a field.
    """
    groups = [change[key] for key in CHANGE_GROUPS if isinstance(change.get(key), dict)]
    rest = {
        key: value
        for key, value in change.items()
        if key not in CHANGE_GROUPS or not isinstance(value, dict)
    }
    return [rest, *(group for group in groups if isinstance(group, dict))]


def find_changes(before: JsonObject, after: JsonObject) -> list[FieldChange]:
    """Return the fields that differ, by dotted path, ascending; objects are compared inside.

    Two values differ when their canonical texts do, so none is found exactly when the contents'
    hashes are equal.
    """
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


def _walk(path: str, before: JsonObject, after: JsonObject) -> Iterator[FieldChange]:
    for key in before.keys() | after.keys():
        inner = f"{path}.{key}" if path else key
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _walk(inner, old, new)
        elif (key in before) != (key in after) or write_canonical(old) != write_canonical(new):
            yield FieldChange(field=inner, before=old, after=new)
