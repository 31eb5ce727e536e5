"""Hold a merged content against both sides, field by field, without the code that merged it.

What is asked of a field of each kind is what a person would ask: is anything gone that nobody
removed, and is anything there that nobody wrote?
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bench.conflicts.corpus import (
    BEATS,
    FIELDS,
    LOOK,
    MEDIA,
    PROSE,
    RECORDS,
    TAGS,
    USES,
    VALUE,
    Pair,
)

GONE = object()
_WORD, _SENTENCE = re.compile(r"\w+|[^\w\s]"), re.compile(r"[^.\n]+")
SPLITS: Sequence[Callable[[str], list[str]]] = (
    _WORD.findall,
    lambda text: [one.strip() for one in _SENTENCE.findall(text)],
)


def find_faults(pair: Pair, merged: dict[str, Any]) -> list[str]:
    """Return what is wrong with the merge of a pair; nothing when all of both sides is in it."""
    fields = {*pair.base, *pair.theirs, *pair.yours, *merged}
    return [
        f"{field}: {fault}"
        for field in sorted(fields)
        for fault in _check(field, pair, merged.get(field, GONE))
    ]


def _check(field: str, pair: Pair, merged: Any) -> Iterator[str]:  # noqa: ANN401 (any value)
    base, theirs, yours = (side.get(field, GONE) for side in (pair.base, pair.theirs, pair.yours))
    if theirs in (base, yours):
        if merged != yours:
            yield f"only yours changed it, to {yours!r}, and it is {merged!r}"
    elif yours == base:
        if merged != theirs:
            yield f"only theirs changed it, to {theirs!r}, and it is {merged!r}"
    elif GONE in (base, theirs, yours, merged):
        yield "one side removed what the other changed"
    else:
        yield from CHECKS[FIELDS[field]](base, theirs, yours, merged)


def _check_value(*_: Any) -> Iterator[str]:  # noqa: ANN401
    yield "both changed a value that cannot be both"


def _check_amounts(
    base: Counter[str], theirs: Counter[str], yours: Counter[str], merged: Counter[str]
) -> Iterator[str]:
    """Each word is there as often as it was, and as both together added or took away.

    Where both did the same, once is enough.
    """
    for word in {*base, *theirs, *yours, *merged}:
        one, other = theirs[word] - base[word], yours[word] - base[word]
        both = alone = one + other
        if one > 0 and other > 0:
            alone = max(one, other)
        elif one < 0 and other < 0:
            alone = min(one, other)
        low, high = sorted((base[word] + alone, base[word] + both))
        if not low <= merged[word] <= high:
            yield f"{word!r} is there {merged[word]} times, not {low} to {high}"


def _check_prose(base: str, theirs: str, yours: str, merged: str) -> Iterator[str]:
    """By words; or by sentences, where one was replaced by a copy of its neighbour."""
    texts = (base, theirs, yours, merged)
    faults = [list(_check_amounts(*map(Counter, map(split, texts)))) for split in SPLITS]
    if all(faults):
        yield from faults[0]


def _check_list(
    base: list[str], theirs: list[str], yours: list[str], merged: list[str]
) -> Iterator[str]:
    yield from _check_amounts(*(Counter(items) for items in (base, theirs, yours, merged)))


def _check_set(
    base: list[str], theirs: list[str], yours: list[str], merged: list[str]
) -> Iterator[str]:
    was, one, other = set(base), set(theirs), set(yours)
    wanted = (was & one & other) | (one - was) | (other - was)
    if set(merged) != wanted or len(merged) != len(wanted):
        yield f"it is {sorted(merged)}, not {sorted(wanted)}"


def _check_object(
    base: dict[str, Any], theirs: dict[str, Any], yours: dict[str, Any], merged: dict[str, Any]
) -> Iterator[str]:
    for key in {*base, *theirs, *yours, *merged}:
        was, one, other = (side.get(key, GONE) for side in (base, theirs, yours))
        wanted = one if other in (was, one) else other
        if was not in (one, other) and one != other:
            yield f"{key}: both changed a value that cannot be both"
        elif merged.get(key, GONE) != wanted:
            yield f"{key} is {merged.get(key)!r}, not {wanted!r}"


def _check_records(
    base: list[dict[str, Any]],
    theirs: list[dict[str, Any]],
    yours: list[dict[str, Any]],
    merged: list[dict[str, Any]],
) -> Iterator[str]:
    if len({one["id"] for one in merged}) != len(merged):
        yield "an id is there twice"
    sides = [{one["id"]: one for one in items} for items in (base, theirs, yours, merged)]
    for key in {key for side in sides for key in side}:
        was, one, other, now = (side.get(key) for side in sides)
        if one in (was, other):
            wanted = other
        elif other == was:
            wanted = one
        elif one is None or other is None:
            yield f"{key}: one side removed what the other changed"
            continue
        else:
            yield from (
                f"{key}: {fault}" for fault in _check_object(was or {}, one, other, now or {})
            )
            continue
        if now != wanted:
            yield f"{key} is {now!r}, not {wanted!r}"


CHECKS: Mapping[str, Callable[..., Iterator[str]]] = {
    VALUE: _check_value,
    MEDIA: _check_value,
    PROSE: _check_prose,
    BEATS: _check_list,
    TAGS: _check_set,
    LOOK: _check_object,
    RECORDS: _check_records,
    USES: _check_records,
}
