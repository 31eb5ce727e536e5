"""Fields that clash, as they are stored and shown; and which of them a choice answers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from versions.canonical import JsonObject
from versions.change import find_changes
from versions.merging.kinds import MergeKind
from versions.merging.merge import ABSENT, Clash, Value, is_same

SIDES = ("base", "theirs", "yours")
REFERENCE_SIDES = ("theirs", "yours")
"""Of a reference: what is there now, or what was asked for."""


def write_clash(clash: Clash) -> dict[str, Any]:
    """Return a clash as JSON; a side that has no such field is left out."""
    sides = {side: getattr(clash, side) for side in SIDES}
    present = {side: value for side, value in sides.items() if value is not ABSENT}
    return {"field": clash.field, "kind": clash.kind.value, **present}


def read_clash(stored: Mapping[str, Any]) -> Clash:
    """Return the clash that was stored."""
    sides = {side: stored.get(side, ABSENT) for side in SIDES}
    return Clash(field=stored["field"], kind=MergeKind(stored["kind"]), **sides)


def read_choice(clash: Clash, choice: Mapping[str, Any]) -> Value:
    """Return what a choice makes of a clash: a side of it, or a typed value."""
    if "value" in choice:
        return _drop_nothing(choice["value"])
    side: Value = getattr(clash, choice["take"])
    return side


def apply_choices(
    *,
    clashes: Iterable[Clash],
    stored: Sequence[Mapping[str, Any]],
    choices: Mapping[str, Mapping[str, Any]],
) -> dict[str, Value]:
    """Return what those choices that still stand make of the clashes."""
    known = list(clashes)
    standing = find_standing(clashes=known, stored=stored, choices=choices)
    return {
        clash.field: read_choice(clash, standing[clash.field])
        for clash in known
        if clash.field in standing
    }


def find_standing(
    *,
    clashes: Iterable[Clash],
    stored: Sequence[Mapping[str, Any]],
    choices: Mapping[str, Mapping[str, Any]],
) -> dict[str, Mapping[str, Any]]:
    """Return the choices for those clashes that are what they were when they were stored.

    Whoever chose between two values has not seen a third one: of a field that somebody changed
    since, the choice has to be made anew.
    """
    seen = {one["field"]: read_clash(one) for one in stored}
    return {
        clash.field: choices[clash.field]
        for clash in clashes
        if clash.field in choices and _is_as_seen(clash, seen.get(clash.field))
    }


def list_touched(*, base: JsonObject, theirs: JsonObject, yours: JsonObject) -> tuple[Clash, ...]:
    """Return every field that either side changed, by dotted path, as if it clashed."""
    sides = {"base": base, "theirs": theirs, "yours": yours}
    changes = [change.field for side in (theirs, yours) for change in find_changes(base, side)]
    return tuple(
        Clash(
            field=field,
            kind=MergeKind.VALUE,
            **{side: _read(content, field) for side, content in sides.items()},
        )
        for field in dict.fromkeys(changes)
    )


def covers(outer: str, inner: str) -> bool:
    """Tell whether a dotted path is that of a field, or of what lies in it."""
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def overlap(some: Iterable[str], others: Sequence[str]) -> bool:
    """Tell whether two lists of dotted paths share a field, or one lies in another.

    No paths stand for the whole entity.
    """
    mine = list(some)
    if not mine or not others:
        return True
    return any(covers(one, other) or covers(other, one) for one in mine for other in others)


def _drop_nothing(value: Any) -> Value:  # noqa: ANN401 (any JSON value)
    """Return a typed value as a merge patch would store it: null stands for no such field."""
    if value is None:
        return ABSENT
    if isinstance(value, dict):
        kept = {key: _drop_nothing(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one is not ABSENT}
    known: Value = value
    return known


def _is_as_seen(clash: Clash, seen: Clash | None) -> bool:
    return seen is not None and all(
        is_same(getattr(clash, side), getattr(seen, side)) for side in SIDES
    )


def _read(content: JsonObject, field: str) -> Value:
    found: Any = content
    for key in field.split("."):
        if not isinstance(found, dict) or key not in found:
            return ABSENT
        found = found[key]
    value: Value = found
    return value
