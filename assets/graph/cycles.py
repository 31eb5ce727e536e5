"""Find a cycle that new links would close in a graph that has none. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from assets.graph.adjacency import Adjacency

Link = tuple[int, int]


class Overlay:
    """A graph as it would be with some links more, and some less."""

    def __init__(
        self, down: Adjacency, *, adding: Sequence[Link], removing: Iterable[Link]
    ) -> None:
        """Take in the edits; removing: one of parallel links per mention."""
        self._down = down
        self._added: defaultdict[int, list[int]] = defaultdict(list)
        for source, target in adding:
            self._added[source].append(target)
        self._removed = Counter(removing)

    @property
    def changed(self) -> list[int]:
        """Return the places that new links lead away from: every cycle goes through one."""
        return list(self._added)

    def is_new(self, link: Link) -> bool:
        """Tell whether a link is one of those that are added."""
        return link[1] in self._added.get(link[0], ())

    def list_next(self, place: int) -> Iterator[int]:
        """Yield the places that links lead to from this one."""
        present = Counter(self._down.list_next(place))
        for target, count in present.items():
            if count > self._removed[place, target]:
                yield target
        yield from self._added.get(place, ())


def find_cycle(overlay: Overlay) -> tuple[int, ...] | None:
    """Return the places of a cycle, the first repeated last, over a new link; None without one.

    Depth first: a place on the way that is met again closes one; a place that was left leads to
    none. What the changed places do not lead to is not looked at.
    """
    is_left: dict[int, bool] = {}  # False: on the way
    for root in overlay.changed:
        if root in is_left:
            continue
        is_left[root] = False
        way = [(root, overlay.list_next(root))]
        while way:
            place, following = way[-1]
            target = next(following, None)
            if target is None:
                is_left[place] = True
                way.pop()
            elif target not in is_left:
                is_left[target] = False
                way.append((target, overlay.list_next(target)))
            elif not is_left[target]:
                path = [one for one, _ in way]
                return _end_with_new(overlay, path[path.index(target) :])
    return None


def _end_with_new(overlay: Overlay, cycle: list[int]) -> tuple[int, ...]:
    """Return the cycle so that the last of its links is a new one."""
    closed = [*cycle, cycle[0]]
    last = next(at for at, link in enumerate(pairwise(closed)) if overlay.is_new(link))
    return (*cycle[last + 1 :], *cycle[: last + 1], closed[last + 1])
