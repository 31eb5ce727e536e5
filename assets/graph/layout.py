"""Where the boxes of a drawn graph stand: columns by longest path, rows with few crossings.

Pure. A layered drawing as in Sugiyama, Tagawa and Toda, "Methods for visual understanding of
hierarchical system structures" (1981): layers first, then each is sorted by the mean place of its
neighbours, from left to right and back.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
SWEEPS = 4
"""Times that the rows are sorted; more change little."""


def find_layers(nodes: Iterable[Key], edges: Iterable[tuple[Key, Key]]) -> dict[Key, int]:
    """Return the layer of each node: the length of the longest path that leads to it, from 0.

    Each edge leads to a later layer, unless it lies on a cycle: whatever is on one, or behind it,
    stands one layer behind those of its sources that are not. O(nodes + edges).
    """
    targets: dict[Key, list[Key]] = {node: [] for node in nodes}
    waits = dict.fromkeys(targets, 0)
    for source, target in edges:
        targets[source].append(target)
        waits[target] += 1
    layers = dict.fromkeys(targets, 0)
    ready = [node for node, count in waits.items() if not count]
    for node in ready:  # grows while it is walked through
        for target in targets[node]:
            layers[target] = max(layers[target], layers[node] + 1)
            waits[target] -= 1
            if not waits[target]:
                ready.append(target)
    return layers


def arrange(
    layers: Mapping[Key, int], edges: Sequence[tuple[Key, Key]]
) -> dict[Key, tuple[int, float]]:
    """Return the column and the row of each node; the rows of a column are centred around 0.

    In a column the rows are whole steps apart. Nodes whose neighbours say nothing keep the order in
    which they are given. O(edges log nodes).
    """
    columns: dict[int, list[Key]] = {}
    for node, layer in layers.items():
        columns.setdefault(layer, []).append(node)
    before: dict[Key, list[Key]] = {node: [] for node in layers}
    behind: dict[Key, list[Key]] = {node: [] for node in layers}
    for source, target in edges:
        before[target].append(source)
        behind[source].append(target)
    rows = {node: row for column in columns.values() for node, row in _centre(column)}
    order = sorted(columns)
    for sweep in range(SWEEPS):
        neighbours = behind if sweep % 2 else before
        for layer in order[::-1] if sweep % 2 else order:
            columns[layer].sort(key=_make_key(neighbours, rows))
            rows |= dict(_centre(columns[layer]))
    return {node: (layer, rows[node]) for node, layer in layers.items()}


def _make_key(
    neighbours: Mapping[Key, Sequence[Key]], rows: Mapping[Key, float]
) -> Callable[[Key], float]:
    def find_mean(node: Key) -> float:
        near = neighbours[node]
        return sum(rows[one] for one in near) / len(near) if near else rows[node]

    return find_mean


def _centre(column: Sequence[Key]) -> list[tuple[Key, float]]:
    return [(node, row - (len(column) - 1) / 2) for row, node in enumerate(column)]
