"""What some places of a graph affect, in waves (A. B. Kahn, 1962). Pure."""

from array import array
from collections.abc import Collection, Iterator

from assets.graph.adjacency import Adjacency


def list_waves(
    down: Adjacency, roots: Collection[int], and_roots: Collection[int]
) -> Iterator[list[int]]:
    """Yield the affected places, each in a later wave than all affected ones that lead to it.

    A root is affected when another one leads to it; and_roots: those that are in a wave anyway.
    Places ascend in a wave, and none is empty. O(places + links of what is affected).
    """
    waits, is_affected = _count_arrivals(down, roots)
    for root in and_roots:
        is_affected[root] = True
    wave = [root for root in roots if not waits[root]]
    starts, others = down.starts, down.others
    while wave:
        shown = sorted(place for place in wave if is_affected[place])
        if shown:
            yield shown
        following = []
        for place in wave:
            for target in others[starts[place] : starts[place + 1]]:
                waits[target] -= 1
                if not waits[target]:
                    following.append(target)
        wave = following


def _count_arrivals(down: Adjacency, roots: Collection[int]) -> tuple["array[int]", bytearray]:
    """Return how many links from what is reached lead to each place, and which these are."""
    size = len(down.starts) - 1
    waits = array("i", bytes(4 * size))
    is_affected, is_seen = bytearray(size), bytearray(size)
    starts, others = down.starts, down.others
    open_places = list(roots)
    for root in roots:
        is_seen[root] = True
    while open_places:
        place = open_places.pop()
        for target in others[starts[place] : starts[place + 1]]:
            waits[target] += 1
            is_affected[target] = True
            if not is_seen[target]:
                is_seen[target] = True
                open_places.append(target)
    return waits, is_affected
