"""Differences within prose, word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
LONGEST_PROSE = 20_000
"""Characters; longer texts are shown as a whole, because the comparison takes quadratic time."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A piece of text: kept, removed or added."""

    kind: str
    text: str


def compare_words(before: str, after: str) -> list[Span]:
    """Return the spans of both texts in reading order: what was removed stands before its stead.

    Joining what is kept and removed gives `before`, what is kept and added gives `after`. Words
    are matched by difflib (Ratcliff and Obershelp's gestalt matching).
    """
    if max(len(before), len(after)) > LONGEST_PROSE:
        return list(_list_spans([("removed", [before]), ("added", [after])]))
    old, new = _WORD.findall(before), _WORD.findall(after)
    pieces: list[tuple[str, list[str]]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("kept", old[i1:i2]))
        else:
            pieces += [("removed", old[i1:i2]), ("added", new[j1:j2])]
    return list(_list_spans(pieces))


def _list_spans(pieces: list[tuple[str, list[str]]]) -> Iterator[Span]:
    for kind, words in pieces:
        if words:
            yield Span(kind=kind, text="".join(words))
