"""Who is next to whom, as arrays: eight bytes per reference and direction. Pure.

A graph of a million nodes as Python objects takes gigabytes; in arrays of numbers, it takes what a
photograph does, and is copied with an edit in milliseconds.
"""

from array import array
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int32]


class Links(NamedTuple):
    """References, one per row: places of source and target in the graph, and number of the use."""

    sources: Numbers
    targets: Numbers
    uses: Numbers


class Adjacency(NamedTuple):
    """Neighbours of all places, one after the other.

    Those of a place lie from starts[place] to starts[place + 1] in `others`, and how they are used
    in `uses`. Arrays of Python: reading single numbers of NumPy's takes three times as long.
    """

    starts: "array[int]"
    others: "array[int]"
    uses: "array[int]"

    def list_next(self, place: int) -> "array[int]":
        """Return the places next to this one; one that is there twice is named twice."""
        return self.others[self.starts[place] : self.starts[place + 1]]

    def list_links(self, place: int) -> Iterator[tuple[int, int]]:
        """Yield the place and the number of the use of each reference of this one."""
        return zip(
            self.list_next(place),
            self.uses[self.starts[place] : self.starts[place + 1]],
            strict=True,
        )


def arrange(size: int, keys: Numbers, others: Numbers, uses: Numbers) -> Adjacency:
    """Return the neighbours of so many places; keys: to which place each row belongs."""
    order = np.argsort(keys, kind="stable")
    starts = np.zeros(size + 1, dtype=np.int32)
    np.cumsum(np.bincount(keys, minlength=size), out=starts[1:])
    return Adjacency(_write(starts), _write(others[order]), _write(uses[order]))


def _write(numbers: Numbers) -> "array[int]":
    return array("i", np.ascontiguousarray(numbers, dtype=np.int32).tobytes())
