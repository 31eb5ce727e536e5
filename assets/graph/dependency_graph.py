"""The dependency graph of one project: what is affected, in which order, and through what.

Pure: built from ids, knows no database. rustworkx does the work (docs/decisions); NetworkX is the
oracle in the tests. An edge leads from a source to its target, from upstream to downstream.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import rustworkx as rx

Edge = tuple[int, int]
Reference = tuple[int, int, int, str, str]
"""Source, target, the facets of the source that the target consumes as a set of bits, role, and
which of the source's versions it follows."""
Use = tuple[int, str, str]
"""The facets consumed, the role, and what is followed."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One entity in the graph."""

    id: int
    code: str
    kind: str
    type: str
    is_critical: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class DependencyGraph:
    """An immutable graph of entity ids. Unknown ids raise KeyError."""

    revision: int
    nodes: Mapping[int, Node]
    _graph: "rx.PyDiGraph[int, int]" = field(repr=False)
    _index: Mapping[int, int] = field(repr=False)
    _uses: Sequence[Use] = field(repr=False)

    def get_affected(
        self, sources: Iterable[int], *, depth: int | None = None, upstream: bool = False
    ) -> dict[int, int]:
        """Return every entity reachable from the sources, with its distance in edges from them.

        In order of distance, then of id. A source is left out unless another source reaches it.
        depth: the largest distance wanted (0: nothing, None: all). O(nodes + edges) whatever the
        number of paths (there may be 2 to the power of many).
        """
        step = self._graph.predecessor_indices if upstream else self._graph.successor_indices
        roots = [self._index[source] for source in dict.fromkeys(sources)]
        distances = _measure_distances(roots, step, depth)
        pairs = sorted((distance, self._graph[index]) for index, distance in distances.items())
        return {entity: distance for distance, entity in pairs}

    def get_levels(
        self, sources: Iterable[int], *, and_roots: Iterable[int] = ()
    ) -> tuple[tuple[int, ...], ...]:
        """Return what the sources affect, in waves: levels[d] = ids at longest distance d + 1.

        Each entity stands behind all the affected entities that it uses; ids ascend in a level.
        and_roots: sources that stand in a wave themselves, in the first unless others affect them.
        """
        roots = frozenset(sources)
        affected = {*self.get_affected(roots), *and_roots}
        members = [self._index[entity] for entity in {*roots, *affected}]
        induced = self._graph.subgraph(members)
        waves = (
            tuple(sorted(induced[index] for index in wave if induced[index] in affected))
            for wave in rx.topological_generations(induced)
        )
        return tuple(wave for wave in waves if wave)

    def get_incoming(self, entity: int) -> Iterator[tuple[int, Use]]:
        """Yield the source and the use of each reference that leads to the entity."""
        for index, _, use in self._graph.in_edges(self._index[entity]):
            yield self._graph[index], self._uses[use]

    def get_between(self, sources: Iterable[int], targets: Iterable[int]) -> frozenset[int]:
        """Return the targets that the sources affect, and all affected that lies before them."""
        affected = self.get_affected(sources)
        reached = [target for target in targets if target in affected]
        upstream = self.get_affected(reached, upstream=True)
        return frozenset(reached) | (affected.keys() & upstream.keys())

    def get_edges_within(self, members: Iterable[int]) -> list[Edge]:
        """Return the distinct edges between the members, ascending."""
        inside = frozenset(members)
        return sorted(
            {
                (source, self._graph[index])
                for source in inside
                for index in self._graph.successor_indices(self._index[source])
                if self._graph[index] in inside
            }
        )

    def find_path(self, source: int, target: int) -> tuple[int, ...] | None:
        """Return one shortest path from source to target, both included, or None."""
        start, end = self._index[source], self._index[target]
        if start == end:
            return (source,)
        paths = rx.dijkstra_shortest_paths(self._graph, start, target=end, default_weight=1.0)
        return tuple(self._graph[index] for index in paths[end]) if end in paths else None

    def find_cycle(
        self, *, adding: Iterable[Edge], removing: Iterable[Edge] = ()
    ) -> tuple[int, ...] | None:
        """Return a cycle that these edits would close (its first id repeated last), or None.

        removing: one of the parallel edges between two entities is taken away per mention.
        """
        edited = self._graph.copy()
        for source, target in removing:
            edited.remove_edge(self._index[source], self._index[target])
        edited.add_edges_from(
            [(self._index[source], self._index[target], 0) for source, target in adding]
        )
        if rx.is_directed_acyclic_graph(edited):
            return None
        cycle = [edited[index] for index, _ in rx.digraph_find_cycle(edited)]
        return (*cycle, cycle[0])

    def sort(self, members: Iterable[int]) -> list[int]:
        """Return the members in topological order: each behind all members that it depends on."""
        wanted = frozenset(members)
        between = self.get_between(wanted, wanted) | wanted
        induced = self._graph.subgraph([self._index[entity] for entity in between])
        return [induced[i] for i in rx.topological_sort(induced) if induced[i] in wanted]


def build_graph(
    *, revision: int, nodes: Iterable[Node], edges: Iterable[Reference]
) -> DependencyGraph:
    """Return the graph of these nodes and edges. KeyError when an edge names an unknown id."""
    by_id = {node.id: node for node in nodes}
    graph: rx.PyDiGraph[int, int] = rx.PyDiGraph()
    index = dict(zip(by_id, graph.add_nodes_from(list(by_id)), strict=True))
    # There are few different uses, and maybe a million edges: each carries a number.
    uses: dict[Use, int] = {}
    graph.add_edges_from(
        [
            (index[source], index[target], uses.setdefault((facets, role, follow), len(uses)))
            for source, target, facets, role, follow in edges
        ]
    )
    return DependencyGraph(
        revision=revision, nodes=by_id, _graph=graph, _index=index, _uses=list(uses)
    )


def _measure_distances(
    roots: Sequence[int], step: Callable[[int], Iterable[int]], depth: int | None
) -> dict[int, int]:
    """Breadth first search from several roots; a root counts only when another one reaches it."""
    distances: dict[int, int] = {}
    unreached_roots = set(roots)
    frontier, distance = list(roots), 0
    while frontier and (depth is None or distance < depth):
        distance += 1
        reached = dict.fromkeys(found for index in frontier for found in step(index))
        frontier = [index for index in reached if index not in distances]
        distances |= dict.fromkeys(frontier, distance)
        frontier = [index for index in frontier if index not in unreached_roots]
        unreached_roots -= distances.keys()
    return distances
