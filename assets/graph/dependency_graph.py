"""The dependency graph of one project: what is affected, in which order, and through what.

Pure: built from ids, knows no database. NetworkX is the oracle in the tests. An edge leads from a
source to its target, from upstream to downstream.
"""

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from assets.graph.adjacency import Adjacency, Links, arrange
from assets.graph.cycles import Overlay, find_cycle
from assets.graph.nodes import Node, Nodes
from assets.graph.waves import list_waves

__all__ = ["DependencyGraph", "Edge", "Node", "Reference", "Use", "build_graph", "link"]

Edge = tuple[int, int]
Reference = tuple[int, int, int, str, str]
"""Source, target, the facets of the source that the target consumes as a set of bits, role, and
which of the source's versions it follows."""
Use = tuple[int, str, str]
"""The facets consumed, the role, and what is followed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DependencyGraph:
    """An immutable graph of entity ids. Unknown ids raise KeyError.

    Inside, an entity is its place among the nodes, and ascending places are ascending ids. uses:
    the different ones, by number. down, up: to targets, to sources.
    """

    revision: int
    nodes: Nodes
    uses: Sequence[Use] = field(repr=False)
    links: Links = field(repr=False)
    down: Adjacency = field(repr=False)
    up: Adjacency = field(repr=False)

    def get_affected(
        self, sources: Iterable[int], *, depth: int | None = None, upstream: bool = False
    ) -> dict[int, int]:
        """Return every entity reachable from the sources, with its distance in edges from them.

        In order of distance, then of id. A source is left out unless another source reaches it.
        depth: the largest distance wanted (0: nothing, None: all). O(nodes + edges) whatever the
        number of paths (there may be 2 to the power of many).
        """
        step = (self.up if upstream else self.down).list_next
        distances = _measure_distances(self._place(sources), step, depth)
        ids = self.nodes.ids
        pairs = sorted((distance, place) for place, distance in distances.items())
        return {ids[place]: distance for distance, place in pairs}

    def get_levels(
        self, sources: Iterable[int], *, and_roots: Iterable[int] = ()
    ) -> tuple[tuple[int, ...], ...]:
        """Return what the sources affect, in waves: levels[d] = ids at longest distance d + 1.

        Each entity stands behind all the affected entities that it uses; ids ascend in a level.
        and_roots: sources that stand in a wave themselves, in the first unless others affect them.
        """
        ids = self.nodes.ids
        waves = self.list_waves(sources, and_roots=and_roots)
        return tuple(tuple(ids[place] for place in wave) for wave in waves)

    def list_waves(
        self, sources: Iterable[int], *, and_roots: Iterable[int] = ()
    ) -> Iterator[list[int]]:
        """Yield the levels as places."""
        return list_waves(self.down, self._place(sources), frozenset(self._place(and_roots)))

    def get_incoming(self, entity: int) -> Iterator[tuple[int, Use]]:
        """Yield the source and the use of each reference that leads to the entity."""
        for place, use in self.up.list_links(self.nodes.find_place(entity)):
            yield self.nodes.ids[place], self.uses[use]

    def get_between(self, sources: Iterable[int], targets: Iterable[int]) -> frozenset[int]:
        """Return the targets that the sources affect, and all affected that lies before them."""
        affected = self.get_affected(sources)
        reached = [target for target in targets if target in affected]
        upstream = self.get_affected(reached, upstream=True)
        return frozenset(reached) | (affected.keys() & upstream.keys())

    def get_edges_within(self, members: Iterable[int]) -> list[Edge]:
        """Return the distinct edges between the members, ascending."""
        ids = self.nodes.ids
        places = sorted(self._place(members))
        inside = frozenset(places)
        return [
            (ids[source], ids[target])
            for source in places
            for target in sorted(inside.intersection(self.down.list_next(source)))
        ]

    def find_path(self, source: int, target: int) -> tuple[int, ...] | None:
        """Return one shortest path from source to target, both included, or None."""
        start, end = self.nodes.find_place(source), self.nodes.find_place(target)
        came_from = {start: start}
        frontier = [start]
        while frontier and end not in came_from:
            reached: dict[int, int] = {}
            for one in frontier:
                for place in self.down.list_next(one):
                    if place not in came_from:
                        reached[place] = one
            came_from |= reached
            frontier = list(reached)
        if end not in came_from:
            return None
        path = [end]
        while path[-1] != start:
            path.append(came_from[path[-1]])
        return tuple(self.nodes.ids[place] for place in reversed(path))

    def find_cycle(
        self, *, adding: Iterable[Edge], removing: Iterable[Edge] = ()
    ) -> tuple[int, ...] | None:
        """Return a cycle that these edits would close (its first id repeated last), or None.

        removing: one of the parallel edges between two entities is taken away per mention. What
        was there before has no cycle, so only what lies behind the new edges is looked at.
        """
        place = self.nodes.find_place
        overlay = Overlay(
            self.down,
            adding=[(place(source), place(target)) for source, target in adding],
            removing=[(place(source), place(target)) for source, target in removing],
        )
        cycle = find_cycle(overlay)
        return tuple(self.nodes.ids[one] for one in cycle) if cycle else None

    def sort(self, members: Iterable[int]) -> list[int]:
        """Return the members in topological order: each behind all members that it depends on."""
        wanted = frozenset(members)
        levels = self.get_levels(wanted, and_roots=wanted)
        return [entity for level in levels for entity in level if entity in wanted]

    def relink(
        self, *, revision: int, pairs: Collection[Edge], edges: Iterable[Reference]
    ) -> "DependencyGraph":
        """Return the graph in which exactly these edges lead between these pairs.

        Copies arrays, so it takes milliseconds where reading a million references takes seconds.
        """
        place, size = self.nodes.find_place, len(self.nodes)
        touched = [place(source) * size + place(target) for source, target in pairs]
        keys = self.links.sources.astype(np.int64) * size + self.links.targets
        rest = ~np.isin(keys, np.array(touched, dtype=np.int64))
        uses = {use: number for number, use in enumerate(self.uses)}
        added = np.array(
            [
                (place(source), place(target), uses.setdefault((facets, role, follow), len(uses)))
                for source, target, facets, role, follow in edges
            ],
            dtype=np.int32,
        ).reshape(-1, 3)
        columns = [
            np.concatenate([column[rest], more])
            for column, more in zip(self.links, added.T, strict=True)
        ]
        return link(revision=revision, nodes=self.nodes, uses=list(uses), links=Links(*columns))

    def _place(self, entities: Iterable[int]) -> list[int]:
        return [self.nodes.find_place(entity) for entity in dict.fromkeys(entities)]


def build_graph(
    *, revision: int, nodes: Iterable[Node], edges: Iterable[Reference]
) -> DependencyGraph:
    """Return the graph of these nodes and edges. KeyError when an edge names an unknown id."""
    known = Nodes(nodes)
    sources, targets, uses = array("q"), array("q"), array("i")
    # There are few different uses, and maybe a million edges: each carries a number.
    numbers: dict[Use, int] = {}
    for source, target, facets, role, follow in edges:
        sources.append(source)
        targets.append(target)
        uses.append(numbers.setdefault((facets, role, follow), len(numbers)))
    links = Links(
        known.find_places(sources),
        known.find_places(targets),
        np.frombuffer(uses, dtype=np.int32),
    )
    return link(revision=revision, nodes=known, uses=list(numbers), links=links)


def link(*, revision: int, nodes: Nodes, uses: Sequence[Use], links: Links) -> DependencyGraph:
    """Return the graph of nodes that are linked so."""
    return DependencyGraph(
        revision=revision,
        nodes=nodes,
        uses=uses,
        links=links,
        down=arrange(len(nodes), links.sources, links.targets, links.uses),
        up=arrange(len(nodes), links.targets, links.sources, links.uses),
    )


def _measure_distances(
    roots: Collection[int], step: Callable[[int], Iterable[int]], depth: int | None
) -> dict[int, int]:
    """Breadth first search from several roots; a root counts only when another one reaches it."""
    distances: dict[int, int] = {}
    unreached_roots = set(roots)
    frontier, distance = list(roots), 0
    while frontier and (depth is None or distance < depth):
        distance += 1
        reached = dict.fromkeys(found for place in frontier for found in step(place))
        frontier = [place for place in reached if place not in distances]
        distances |= dict.fromkeys(frontier, distance)
        frontier = [place for place in frontier if place not in unreached_roots]
        unreached_roots -= distances.keys()
    return distances
