"""Three-way merge of content: what both changed goes together, or is said to clash."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

from versions.canonical import JsonObject, JsonValue, write_canonical
from versions.merging.kinds import MergeKind, Schema, is_prose
from versions.merging.texts import Budget, merge_prose, merge_sequence


class Absent(Enum):
    """The one value of a field that is not there."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
Value: TypeAlias = "JsonValue | Absent"


@dataclass(frozen=True, kw_only=True)
class Clash:
    """A field that both sides changed, in ways that do not go together.

    field: its path, as in `look.coat` and `props[lamp].colour`. kind: how it is merged.
    """

    field: str
    kind: MergeKind
    base: Value
    theirs: Value
    yours: Value


@dataclass(frozen=True, kw_only=True)
class Merge:
    """What became of both sides.

    content: of both where they go together, theirs where they clash. combined: the fields in which
    there is something of either.
    """

    content: JsonObject
    clashes: Sequence[Clash] = ()
    combined: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class _Path:
    """Where in the content; names: the keys alone, by which a schema knows fields."""

    text: str = ""
    names: tuple[str, ...] = ()

    def enter(self, key: str) -> "_Path":
        # A key may hold what paths are written with, and two fields must not be written alike.
        safe = key.replace("\\", "\\\\").replace(".", "\\.").replace("[", "\\[")
        return _Path(text=f"{self.text}.{safe}" if self.text else safe, names=(*self.names, key))

    def enter_record(self, key: str) -> "_Path":
        safe = key.replace("\\", "\\\\").replace("]", "\\]")
        return _Path(text=f"{self.text}[{safe}]", names=self.names)


def merge_contents(
    *,
    base: JsonObject,
    theirs: JsonObject,
    yours: JsonObject,
    schema: Schema | None = None,
    choices: Mapping[str, Value] | None = None,
    is_strict: bool = False,
    asked: Iterable[str] = (),
) -> Merge:
    """Return what two changes of the same base come to.

    Objects are merged key by key; lists of objects that all have an id, by id; sets by what was
    added and removed; other lists by position and prose by lines and words with diff3; of media
    and other values, one is picked. What only one side changed is taken, what both changed alike
    is no conflict, and a removal clashes with any change. choices: what clashing fields become.
    is_strict: what only one side changed clashes too, as soon as both changed something. asked:
    fields that clash whatever became of them, because a person was asked about them before.
    """
    both = not any(is_same(*pair) for pair in ((base, theirs), (base, yours)))
    merger = _Merger(
        schema=schema or Schema(),
        choices=choices or {},
        is_strict=is_strict and both,
        asked=frozenset(asked),
    )
    content = merger.merge_objects(_Path(), base, theirs, yours)
    return Merge(content=content, clashes=merger.clashes, combined=merger.combined)


def is_same(one: Value, other: Value) -> bool:
    """Tell whether two values are written alike; 1, 1.0 and true are three values."""
    if one is ABSENT or other is ABSENT:
        return one is other
    return write_canonical(one) == write_canonical(other)


@dataclass(kw_only=True)
class _Merger:
    schema: Schema
    choices: Mapping[str, Value]
    is_strict: bool = False
    asked: frozenset[str] = frozenset()
    budget: Budget = field(default_factory=Budget)
    clashes: list[Clash] = field(default_factory=list)
    combined: list[str] = field(default_factory=list)

    def merge_objects(
        self, path: _Path, base: JsonObject, theirs: JsonObject, yours: JsonObject
    ) -> JsonObject:
        merged: JsonObject = {}
        for key in dict.fromkeys([*theirs, *base, *yours]):
            value = self.merge_values(
                path.enter(key),
                base.get(key, ABSENT),
                theirs.get(key, ABSENT),
                yours.get(key, ABSENT),
            )
            if value is not ABSENT:
                merged[key] = value
        return merged

    def merge_values(self, path: _Path, base: Value, theirs: Value, yours: Value) -> Value:
        if path.text in self.asked:
            return self._clash(path, self._find_kind(path), base, theirs, yours)
        if self._asks_below(path) or (self.is_strict and not is_same(theirs, yours)):
            return self._ask(path, base, theirs, yours)
        if is_same(base, yours) or is_same(theirs, yours):
            return theirs
        if is_same(base, theirs):
            return yours
        return self._merge_both(path, base, theirs, yours)

    def _merge_both(self, path: _Path, base: Value, theirs: Value, yours: Value) -> Value:
        """Return what two different changes come to."""
        kind = self.schema.find_kind(path.names)
        merged: Value | None = None
        match (base, theirs, yours):
            case _ if kind in (MergeKind.VALUE, MergeKind.MEDIA):
                pass
            case (dict() | Absent(), dict(), dict()):
                known = {} if base is ABSENT else base
                return self.merge_objects(path, known, theirs, yours)
            case (list() | Absent(), list(), list()):
                known_items = [] if base is ABSENT else base
                merged = self._merge_lists(path, kind, known_items, theirs, yours)
            case (str(), str(), str()) if kind == MergeKind.PROSE or (not kind and is_prose(base)):
                kind, merged = MergeKind.PROSE, merge_prose(base, theirs, yours, self.budget)
        if merged is None:
            return self._clash(path, kind or MergeKind.VALUE, base, theirs, yours)
        self.combined.append(path.text)
        return merged

    def _ask(self, path: _Path, base: Value, theirs: Value, yours: Value) -> Value:
        """Let what is in a field clash, or else all of it."""
        match (base, theirs, yours):
            case (dict() | Absent(), dict(), dict()):
                known = {} if base is ABSENT else base
                return self.merge_objects(path, known, theirs, yours)
            case (list(), list(), list()) if not self.is_strict:
                merged = self._merge_lists(path, self._find_kind(path), base, theirs, yours)
                if merged is not None:
                    return merged
        return self._clash(path, self._find_kind(path), base, theirs, yours)

    def _find_kind(self, path: _Path) -> MergeKind:
        return self.schema.find_kind(path.names) or MergeKind.VALUE

    def _asks_below(self, path: _Path) -> bool:
        inner = (f"{path.text}.", f"{path.text}[")
        return any(one.startswith(inner) for one in self.asked)

    def _merge_lists(
        self,
        path: _Path,
        kind: MergeKind | None,
        base: list[JsonValue],
        theirs: list[JsonValue],
        yours: list[JsonValue],
    ) -> list[JsonValue] | None:
        lists = (base, theirs, yours)
        rows = [_read_records(one) for one in lists]
        if all(one is not None for one in rows):
            return self._merge_records(path, *(one or {} for one in rows))
        if kind == MergeKind.SET and all(_is_set(one) for one in lists):
            return _merge_sets(*lists)
        return _merge_positions(*lists, budget=self.budget)

    def _merge_records(
        self,
        path: _Path,
        base: dict[str, JsonValue],
        theirs: dict[str, JsonValue],
        yours: dict[str, JsonValue],
    ) -> list[JsonValue] | None:
        order = _merge_order(list(base), list(theirs), list(yours))
        if order is None:
            return None
        merged = []
        for key in order:
            sides = [one.get(key, ABSENT) for one in (base, theirs, yours)]
            value = self.merge_values(path.enter_record(key), *sides)
            if value is not ABSENT:
                merged.append(value)
        return merged

    def _clash(
        self, path: _Path, kind: MergeKind, base: Value, theirs: Value, yours: Value
    ) -> Value:
        if path.text in self.choices:
            return self.choices[path.text]
        self.clashes.append(
            Clash(field=path.text, kind=kind, base=base, theirs=theirs, yours=yours)
        )
        return theirs


def _read_records(items: list[JsonValue]) -> dict[str, JsonValue] | None:
    """Return the objects of a list by their ids; None unless each has one, and of its own."""
    found: dict[str, JsonValue] = {}
    for item in items:
        key = item.get("id") if isinstance(item, dict) else None
        if not isinstance(key, str | int) or isinstance(key, bool) or str(key) in found:
            return None
        found[str(key)] = item
    return found


def _is_set(items: list[JsonValue]) -> bool:
    texts = {write_canonical(item) for item in items}
    return len(texts) == len(items) and not any(isinstance(item, dict | list) for item in items)


def _merge_sets(
    base: list[JsonValue], theirs: list[JsonValue], yours: list[JsonValue]
) -> list[JsonValue]:
    was, mine = ({write_canonical(item) for item in some} for some in (base, yours))
    there = {write_canonical(item) for item in theirs}
    kept = [item for item in theirs if write_canonical(item) in mine or _is_new(item, was)]
    return [*kept, *(one for one in yours if _is_new(one, was) and _is_new(one, there))]


def _is_new(item: JsonValue, known: set[str]) -> bool:
    return write_canonical(item) not in known


def _merge_positions(
    base: list[JsonValue], theirs: list[JsonValue], yours: list[JsonValue], budget: Budget
) -> list[JsonValue] | None:
    values = {write_canonical(item): item for item in (*base, *theirs, *yours)}
    was, there, here = ([write_canonical(item) for item in some] for some in (base, theirs, yours))
    merged = merge_sequence(was, there, here, budget)
    return None if merged is None else [values[text] for text in merged]


def _merge_order(base: list[str], theirs: list[str], yours: list[str]) -> list[str] | None:
    """Return all ids in an order that both sides agree with; None when both moved some.

    It holds ids that a side removed: what becomes of them is seen when they are merged. New ones
    stand behind what they stood behind on their side.
    """
    common = set(base) & set(theirs) & set(yours)
    was, there, here = ([key for key in some if key in common] for some in (base, theirs, yours))
    if there != was and here not in (was, there):
        return None
    first, second = (yours, theirs) if there == was else (theirs, yours)
    # Each id points at the one behind it; None stands before the first one and after the last.
    following: dict[str | None, str | None] = {None: None}
    for some in (first, second, base):
        before: str | None = None
        for key in some:
            if key not in following:
                following[key], following[before] = following[before], key
            before = key
    order, key_ = [], following[None]
    while key_ is not None:
        order.append(key_)
        key_ = following[key_]
    return order
