"""Three-way merge of sequences: prose by lines, sentences and words, lists by position.

diff3 as merge3 does it (Breezy's): what only one side changed is taken, what both changed in the
same way once, and changes that touch or overlap otherwise are a conflict.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeAlias

from merge3 import Merge3

Parts: TypeAlias = Sequence[str]

MAX_PAIRS = 500_000
"""Pairs of equal words or lines that may be looked at for one merge, 0.3 s on one core. Two texts
of 400 different lines have 400 of them, of 400 equal ones 160 000."""

_LINE_START = re.compile(r"(?=\n)")
_SENTENCE_END = re.compile(r"(?<=[.!?…])(?=\s)")
_WORD = re.compile(r"\s*\S+|\s+")


@dataclass(kw_only=True)
class Budget:
    """What comparing may still cost."""

    pairs: int = MAX_PAIRS

    def spend(self, some: Parts, others: Parts) -> bool:
        """Take what it costs to compare two sequences; False when that is too much."""
        known = Counter(others)
        self.pairs -= sum(count * known[part] for part, count in Counter(some).items())
        return self.pairs >= 0


class _Matcher(SequenceMatcher[str]):
    """Compares all that there is: by default, what occurs often is no anchor in long texts."""

    def __init__(
        self,
        isjunk: Callable[[str], bool] | None = None,
        a: Parts = "",
        b: Parts = "",
        autojunk: bool = False,  # noqa: FBT001, FBT002 (difflib's signature)
    ) -> None:
        del autojunk
        super().__init__(isjunk, a, b, autojunk=False)


def merge_prose(base: str, theirs: str, yours: str, budget: Budget | None = None) -> str | None:
    """Return the text with the edits of both sides, None when they touch the same words.

    Lines first; where both changed the same lines, their sentences; and where both changed the
    same sentences, their words: so words are only compared with those that they may have come
    from. Whole lines and sentences that one side added beside what the other changed are kept
    with it, theirs first where both added some. Between two edits of words that are merged stands
    at least one word that neither touched.
    """
    texts = (base, theirs, yours)
    merged = _merge_level(LEVELS, texts, budget or Budget())
    if merged is None or not _is_kept(merged.split(), *(text.split() for text in texts)):
        return None
    return merged


def merge_sequence(
    base: Parts, theirs: Parts, yours: Parts, budget: Budget | None = None
) -> list[str] | None:
    """Return the sequence with the edits of both sides, None when they touch the same place."""
    merged: list[str] = []
    for group in _merge_groups(base, theirs, yours, budget or Budget()):
        if group[0] == "conflict":
            return None
        merged += group[1]
    return merged if _is_kept(merged, base, theirs, yours) else None


def _is_kept(merged: Parts, base: Parts, theirs: Parts, yours: Parts) -> bool:
    """Tell whether each part is there as often as the edits say.

    Not so when both sides moved the same one: diff3 sees two removals and two insertions.
    """
    was, there, here, now = (Counter(parts) for parts in (base, theirs, yours, merged))
    return all(
        was[part] - max(0, was[part] - there[part]) - max(0, was[part] - here[part])
        <= now[part]
        <= was[part] + max(0, there[part] - was[part]) + max(0, here[part] - was[part])
        for part in {*was, *now}
    )


def _merge_level(levels: Sequence["Level"], texts: Sequence[str], budget: Budget) -> str | None:
    """Merge by the first way to split; what clashes, by the next one.

    Parts begin with what stands between them. The first one is given that as well, so that it is
    the same part when somebody writes another one in front of it.
    """
    (space, split), *finer = levels
    lead = _find_lead(texts)
    if lead is not None:
        texts = [text and space + text[len(lead) :] for text in texts]
    base, theirs, yours = (split(text) for text in texts)
    merged: list[str] = []
    for group in _merge_groups(base, theirs, yours, budget):
        if group[0] != "conflict":
            merged += group[1]
            continue
        joined = _join_added(*group[1:]) if finer and _are_distinct(base) else None
        if joined is None and finer:
            joined = _merge_level(finer, ["".join(parts) for parts in group[1:]], budget)
        if joined is None:
            return None
        merged.append(joined)
    whole = "".join(merged)
    if lead is None or not whole:
        return whole
    return lead + whole.removeprefix(space)


def _find_lead(texts: Sequence[str]) -> str | None:
    """Return the one space, or the nothing, that all texts begin with; None where they differ."""
    leads = {text[:1] if text[:1].isspace() else "" for text in texts if text}
    return leads.pop() if len(leads) == 1 else None


def _join_added(base: Parts, theirs: Parts, yours: Parts) -> str | None:
    """Return both sides where one of them only added something before or behind.

    Not where both have a part that is new: it is hard to say whether they meant it twice.
    """
    size = len(base)
    for added, other in ((theirs, yours), (yours, theirs)):
        if size and added[-size:] == base:
            new, joined = added[:-size], [*added[:-size], *other]
        elif added[:size] == base:
            new, joined = added[size:], [*other, *added[size:]]
        else:
            continue
        if size == 0:
            joined = [*theirs, *yours]
        return "".join(joined) if set(new).isdisjoint(other) else None
    return None


def _are_distinct(parts: Parts) -> bool:
    """Tell whether there are parts and none occurs twice: else nobody knows which was edited."""
    written = [part for part in parts if part.strip()]
    return 0 < len(set(written)) == len(written)


def _merge_groups(
    base: Parts, theirs: Parts, yours: Parts, budget: Budget
) -> list[tuple[str, Parts, Parts, Parts]]:
    """Return ("conflict", base, theirs, yours), or (another word, what to take, (), ())."""
    if not (budget.spend(base, theirs) and budget.spend(base, yours)):
        return [("conflict", base, theirs, yours)]
    matcher: type[SequenceMatcher[str]] = _Matcher
    merge = Merge3(base, theirs, yours, sequence_matcher=matcher)  # type: ignore[arg-type]
    return [
        (group[0], group[1], group[2], group[3])
        if group[0] == "conflict"
        else (group[0], group[1], (), ())
        for group in merge.merge_groups()
    ]


Level: TypeAlias = tuple[str, Callable[[str], list[str]]]
"""What stands between two parts of a text, and how to split it into them."""

LEVELS: Sequence[Level] = (
    ("\n", lambda text: [part for part in _LINE_START.split(text) if part]),
    (" ", lambda text: [part for part in _SENTENCE_END.split(text) if part]),
    (" ", _WORD.findall),
)
