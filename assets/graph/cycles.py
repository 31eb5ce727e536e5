"""Find a cycle that new links would close in a graph that has none. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

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

    def list_next(self, place: int) -> Iterator[int]:
        """Yield the places that links lead to from this one."""
        present = Counter(self._down.list_next(place))
        for target, count in present.items():
            if count > self._removed[place, target]:
                yield target
        yield from self._added.get(place, ())


def find_cycle(overlay: Overlay) -> tuple[int, ...] | None:
    """Return the places of a cycle, the first repeated last; None when there is none.

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
                return (*path[path.index(target) :], target)
    return None
