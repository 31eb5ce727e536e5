"""Dependencies of an entity as a tree, a document, or a graph for Graphviz."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assets.graph.cache import load_graph
from assets.graph.dependency_graph import DependencyGraph
from assets.models import Entity
from versions.services.following import find_states

DEEPEST = 40
"""Levels of indentation: what lies deeper stands below each other, or a chain fills the disk."""


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What is reachable from an entity.

    distances: by entity id, in order. states: of those that are outdated or pinned.
    """

    graph: DependencyGraph
    root: Entity
    is_upstream: bool
    depth: int | None
    distances: Mapping[int, int]
    states: Mapping[int, str]

    @property
    def edges(self) -> list[tuple[int, int]]:
        """The distinct edges between all of them, ascending."""
        return self.graph.get_edges_within([self.root.pk, *self.distances])


def read_dependencies(*, entity: Entity, depth: int | None, is_upstream: bool) -> Dependencies:
    """Return what depends on an entity, or what it depends on, in at most so many steps."""
    graph = load_graph(project_id=entity.project_id)
    distances = graph.get_affected([entity.pk], depth=depth, upstream=is_upstream)
    return Dependencies(
        graph=graph,
        root=entity,
        is_upstream=is_upstream,
        depth=depth,
        distances=distances,
        states=find_states(project_id=entity.project_id, target_ids=distances),
    )


def list_tree(found: Dependencies) -> Iterator[tuple[int, int]]:
    """Yield (indentation, entity id) of all of them, each once, below the nearest it hangs on."""
    below: defaultdict[int, list[int]] = defaultdict(list)
    hung: set[int] = set()
    for source, target in found.edges:
        upper, lower = (target, source) if found.is_upstream else (source, target)
        is_next = found.distances.get(lower) == found.distances.get(upper, 0) + 1
        if is_next and lower not in hung:
            hung.add(lower)
            below[upper].append(lower)
    waiting = [(0, found.root.pk)]
    while waiting:
        level, pk = waiting.pop()
        yield min(level, DEEPEST), pk
        lower_ones = sorted(below[pk], key=lambda one: found.graph.nodes[one].code, reverse=True)
        waiting += [(level + 1, one) for one in lower_ones]


def describe_dependencies(found: Dependencies) -> dict[str, Any]:
    """Return them in the words of the API's dependencies."""
    nodes = found.graph.nodes
    return {
        "asset_id": found.root.code,
        "project_id": found.root.project.code,
        "depth": found.depth,
        "direction": "upstream" if found.is_upstream else "downstream",
        "dependencies": [nodes[pk].code for pk in found.distances],
        "nodes": [
            {
                "id": nodes[pk].code,
                "type": nodes[pk].type,
                "depth": distance,
                "state": found.states.get(pk, "current"),
            }
            for pk, distance in found.distances.items()
        ],
        "edges": [[nodes[source].code, nodes[target].code] for source, target in found.edges],
    }


def write_dot(found: Dependencies) -> Iterator[str]:
    """Yield the lines of a Graphviz digraph; edges lead downstream."""
    nodes = found.graph.nodes
    yield f"digraph {_quote(found.root.qualified_code)} {{"
    yield "  rankdir=LR;"
    for pk in [found.root.pk, *found.distances]:
        yield f"  {_quote(nodes[pk].code)} [tooltip={_quote(nodes[pk].type)}];"
    for source, target in found.edges:
        yield f"  {_quote(nodes[source].code)} -> {_quote(nodes[target].code)};"
    yield "}"


def _quote(text: str) -> str:
    """Return a quoted id of Graphviz's language; codes are opaque and may hold anything."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
