"""Boxes of a drawn graph stand where they should, whatever the graph."""

from collections import defaultdict

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from assets.graph.layout import arrange, find_layers

Pairs = list[tuple[int, int]]
NODES = range(8)
any_edges = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=20)


def make_acyclic(edges: Pairs) -> Pairs:
    return [(min(pair), max(pair)) for pair in edges if pair[0] != pair[1]]


@given(any_edges)
def test_a_layer_is_the_longest_path_to_it(edges: Pairs) -> None:
    edges = make_acyclic(edges)
    oracle: nx.DiGraph[int] = nx.DiGraph(edges)
    oracle.add_nodes_from(NODES)
    generations = enumerate(nx.topological_generations(oracle))
    assert find_layers(NODES, edges) == {
        node: layer for layer, some in generations for node in some
    }


@given(any_edges)
def test_a_cycle_is_drawn_as_well(edges: Pairs) -> None:
    layers = find_layers(NODES, [pair for pair in edges if pair[0] != pair[1]])
    assert layers.keys() == set(NODES)
    assert all(0 <= layer < len(NODES) for layer in layers.values())


@given(any_edges)
def test_no_two_boxes_stand_in_one_place_and_columns_are_centred(edges: Pairs) -> None:
    edges = make_acyclic(edges)
    layers = find_layers(NODES, edges)
    places = arrange(layers, edges)
    assert {node: column for node, (column, _) in places.items()} == layers
    columns: defaultdict[int, list[float]] = defaultdict(list)
    for column, row in places.values():
        columns[column].append(row)
    for rows in columns.values():
        first = -(len(rows) - 1) / 2
        assert sorted(rows) == [first + index for index in range(len(rows))]


def test_boxes_stand_beside_their_neighbours() -> None:
    """Two chains that are given crosswise do not cross."""
    edges = [("a", "x"), ("b", "y")]
    places = arrange({"a": 0, "b": 0, "y": 1, "x": 1}, edges)
    assert places["a"][1] == places["x"][1]
    assert places["b"][1] == places["y"][1]
