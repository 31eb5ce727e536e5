"""The dependency graph answers as NetworkX does, whatever the graph."""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.graph.dependency_graph import DependencyGraph, Edge, Node, build_graph

LARGEST = 9
"""Small graphs: a fault of traversal shows in them, and Hypothesis tries many."""

Ask = Callable[[DependencyGraph], object]


def make_graph(ids: Iterable[int], edges: Iterable[Edge]) -> DependencyGraph:
    nodes = [Node(id=id_, code=f"a{id_}", kind="asset", type="prop") for id_ in ids]
    return build_graph(
        revision=1, nodes=nodes, edges=[(*edge, 1, "depends_on", "best") for edge in edges]
    )


def make_oracle(ids: Iterable[int], edges: Iterable[Edge]) -> "nx.MultiDiGraph[int]":
    oracle: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    oracle.add_nodes_from(ids)
    oracle.add_edges_from(edges)
    return oracle


@st.composite
def dags(draw: st.DrawFn) -> tuple[list[int], list[Edge]]:
    """Draw ids in any order, and edges that lead forward in it; some of them twice or thrice."""
    ids = draw(st.lists(st.integers(1, 10**9), min_size=1, max_size=LARGEST, unique=True))
    pairs = [(a, b) for index, a in enumerate(ids) for b in ids[index + 1 :]]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=24)) if pairs else []
    return draw(st.permutations(ids)), edges


@st.composite
def dags_with_some(draw: st.DrawFn) -> tuple[list[int], list[Edge], list[int]]:
    """Draw a graph and some of its ids, at least one."""
    ids, edges = draw(dags())
    return ids, edges, draw(st.lists(st.sampled_from(ids), min_size=1, max_size=4))


def measure(oracle: "nx.MultiDiGraph[int]", sources: Iterable[int]) -> dict[int, int]:
    """Return the distance of all that lies at least one edge away from a source."""
    found: dict[int, int] = {}
    for source in set(sources):
        lengths = nx.single_source_shortest_path_length(oracle, source)
        for id_, distance in lengths.items():
            if distance:
                found[id_] = min(distance, found.get(id_, distance))
    return found


def measure_longest(oracle: "nx.MultiDiGraph[int]", sources: Iterable[int]) -> dict[int, int]:
    """Return the longest distance from any source, by dynamic programming over a sorted graph."""
    longest: dict[int, int] = dict.fromkeys(sources, 0)
    for id_ in nx.topological_sort(oracle):
        if id_ in longest:
            for successor in oracle.successors(id_):
                longest[successor] = max(longest.get(successor, 0), longest[id_] + 1)
    return {id_: distance for id_, distance in longest.items() if distance}


@given(dags_with_some())
def test_affected_is_what_the_sources_reach_at_its_distance(
    drawn: tuple[list[int], list[Edge], list[int]],
) -> None:
    ids, edges, sources = drawn
    expected = measure(make_oracle(ids, edges), sources)
    assert make_graph(ids, edges).get_affected(sources) == expected


@given(dags_with_some(), st.integers(0, LARGEST))
def test_a_depth_limit_keeps_what_lies_within_it(
    drawn: tuple[list[int], list[Edge], list[int]], depth: int
) -> None:
    ids, edges, sources = drawn
    everything = measure(make_oracle(ids, edges), sources)
    assert make_graph(ids, edges).get_affected(sources, depth=depth) == {
        id_: distance for id_, distance in everything.items() if distance <= depth
    }


@given(dags_with_some())
def test_upstream_is_downstream_of_the_reversed_graph(
    drawn: tuple[list[int], list[Edge], list[int]],
) -> None:
    ids, edges, sources = drawn
    expected = measure(make_oracle(ids, edges).reverse(), sources)
    assert make_graph(ids, edges).get_affected(sources, upstream=True) == expected


@given(dags_with_some())
def test_affected_comes_in_order_of_distance_then_of_id(
    drawn: tuple[list[int], list[Edge], list[int]],
) -> None:
    ids, edges, sources = drawn
    affected = list(make_graph(ids, edges).get_affected(sources).items())
    assert affected == sorted(affected, key=lambda item: (item[1], item[0]))


@given(dags_with_some())
def test_levels_are_the_waves_of_longest_distance(
    drawn: tuple[list[int], list[Edge], list[int]],
) -> None:
    ids, edges, sources = drawn
    waves: dict[int, list[int]] = {}
    for id_, distance in measure_longest(make_oracle(ids, edges), sources).items():
        waves.setdefault(distance, []).append(id_)
    expected = tuple(tuple(sorted(waves[distance])) for distance in sorted(waves))
    assert make_graph(ids, edges).get_levels(sources) == expected


@given(dags_with_some(), st.data())
def test_between_holds_reached_targets_and_all_on_a_way_to_them(
    drawn: tuple[list[int], list[Edge], list[int]], data: st.DataObject
) -> None:
    ids, edges, sources = drawn
    targets = data.draw(st.lists(st.sampled_from(ids), max_size=4))
    oracle = make_oracle(ids, edges)
    affected = measure(oracle, sources).keys()
    reached = affected & set(targets)
    before = {id_ for target in reached for id_ in nx.ancestors(oracle, target)}
    expected = reached | (affected & before)
    assert make_graph(ids, edges).get_between(sources, targets) == expected


@given(dags(), st.data())
def test_a_path_is_a_shortest_one(drawn: tuple[list[int], list[Edge]], data: st.DataObject) -> None:
    ids, edges = drawn
    source, target = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids))
    path = make_graph(ids, edges).find_path(source, target)
    oracle = make_oracle(ids, edges)
    if not nx.has_path(oracle, source, target):
        assert path is None
        return
    assert path is not None
    assert (path[0], path[-1]) == (source, target)
    assert all(oracle.has_edge(a, b) for a, b in pairwise(path))
    assert len(path) - 1 == nx.shortest_path_length(oracle, source, target)


@given(dags(), st.data())
def test_a_cycle_is_found_exactly_when_the_edits_close_one(
    drawn: tuple[list[int], list[Edge]], data: st.DataObject
) -> None:
    ids, edges = drawn
    pairs = st.tuples(st.sampled_from(ids), st.sampled_from(ids))
    adding = data.draw(st.lists(pairs, max_size=4))
    removing = data.draw(st.lists(st.sampled_from(edges), max_size=4)) if edges else []
    removing = list((Counter(removing) & Counter(edges)).elements())
    edited = make_oracle(ids, [*(Counter(edges) - Counter(removing)).elements(), *adding])
    cycle = make_graph(ids, edges).find_cycle(adding=adding, removing=removing)
    assert (cycle is None) == nx.is_directed_acyclic_graph(edited)
    if cycle is not None:
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        assert all(edited.has_edge(a, b) for a, b in pairwise(cycle))


@given(dags(), st.data())
def test_looking_for_a_cycle_leaves_the_graph_as_it_was(
    drawn: tuple[list[int], list[Edge]], data: st.DataObject
) -> None:
    ids, edges = drawn
    pairs = st.tuples(st.sampled_from(ids), st.sampled_from(ids))
    graph = make_graph(ids, edges)
    before = graph.get_edges_within(ids)
    graph.find_cycle(adding=data.draw(st.lists(pairs, max_size=4)), removing=edges[:1])
    assert graph.get_edges_within(ids) == before


@given(dags(), st.data())
def test_sorted_members_stand_behind_all_that_they_depend_on(
    drawn: tuple[list[int], list[Edge]], data: st.DataObject
) -> None:
    ids, edges = drawn
    members = data.draw(st.lists(st.sampled_from(ids), max_size=LARGEST))
    order = make_graph(ids, edges).sort(members)
    assert sorted(order) == sorted(set(members))
    oracle = make_oracle(ids, edges)
    for index, earlier in enumerate(order):
        assert not any(nx.has_path(oracle, later, earlier) for later in order[index + 1 :])


@given(dags(), st.data())
def test_edges_within_are_those_of_the_induced_graph(
    drawn: tuple[list[int], list[Edge]], data: st.DataObject
) -> None:
    ids, edges = drawn
    members = data.draw(st.lists(st.sampled_from(ids), max_size=LARGEST))
    expected = sorted(set(make_oracle(ids, edges).subgraph(members).edges()))
    assert make_graph(ids, edges).get_edges_within(members) == expected


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda graph: graph.get_affected([9]), id="affected"),
        pytest.param(lambda graph: graph.get_levels([9]), id="levels"),
        pytest.param(lambda graph: graph.get_between([9], [1]), id="between"),
        pytest.param(lambda graph: graph.get_edges_within([9]), id="edges"),
        pytest.param(lambda graph: graph.find_path(9, 1), id="path from"),
        pytest.param(lambda graph: graph.find_path(1, 9), id="path to"),
        pytest.param(lambda graph: graph.find_cycle(adding=[(9, 1)]), id="cycle"),
        pytest.param(lambda graph: graph.sort([9]), id="sort"),
        pytest.param(lambda _: make_graph([1], [(1, 9)]), id="build"),
    ],
)
def test_an_unknown_id_is_a_key_error(ask: Ask) -> None:
    with pytest.raises(KeyError):
        ask(make_graph([1, 2], [(1, 2)]))


def test_nothing_is_affected_by_no_source() -> None:
    graph = make_graph([1, 2], [(1, 2)])
    assert graph.get_affected([]) == {}
    assert graph.get_levels([]) == ()
    assert graph.sort([]) == []


def test_a_source_counts_as_affected_when_another_source_reaches_it() -> None:
    graph = make_graph([1, 2, 3], [(1, 2), (2, 3)])
    assert graph.get_affected([2, 1]) == {2: 1, 3: 1}
    assert graph.get_levels([2, 1]) == ((2,), (3,))


def test_a_chain_of_5000_has_a_level_per_link() -> None:
    """Nothing recurses: Python would stop at a depth of 1 000."""
    last = 5_000
    ids = range(last)
    graph = make_graph(ids, pairwise(ids))
    assert graph.get_affected([0]) == {id_: id_ for id_ in ids[1:]}
    assert graph.get_levels([0]) == tuple((id_,) for id_ in ids[1:])
    assert graph.find_path(0, last - 1) == tuple(ids)
    assert graph.sort(reversed(ids)) == list(ids)
    assert len(graph.get_between([0], [last - 1])) == last - 1
    cycle = graph.find_cycle(adding=[(last - 1, 0)])
    assert cycle is not None
    assert len(cycle) == last + 1


def test_forty_diamonds_in_a_row_are_walked_once_not_once_per_path() -> None:
    """Two to the power of 40 paths: whoever counts paths does not come back."""
    diamonds = 40
    edges = [
        edge
        for top in range(0, 3 * diamonds, 3)
        for edge in [(top, top + 1), (top, top + 2), (top + 1, top + 3), (top + 2, top + 3)]
    ]
    last = 3 * diamonds
    graph = make_graph(range(last + 1), edges)
    assert graph.get_affected([0])[last] == 2 * diamonds
    assert len(graph.get_affected([last], upstream=True)) == last
    assert len(graph.get_levels([0])) == 2 * diamonds
    assert len(graph.get_between([0], [last])) == last
    assert len(graph.find_path(0, last) or ()) == 2 * diamonds + 1
    assert graph.find_cycle(adding=[(0, last)]) is None
    assert graph.find_cycle(adding=[(last, 0)]) is not None
    assert graph.sort([last, 0]) == [0, last]


def test_a_star_of_20000_is_one_level() -> None:
    points = 20_000
    graph = make_graph(range(points + 1), [(0, point) for point in range(1, points + 1)])
    assert graph.get_levels([0]) == (tuple(range(1, points + 1)),)
    assert set(graph.get_affected([0]).values()) == {1}
    assert graph.get_between([0], [7]) == {7}
    assert len(graph.get_edges_within(range(points + 1))) == points
    assert graph.get_affected(range(1, points + 1), upstream=True) == {0: 1}


@given(dags_with_some(), st.data())
def test_a_graph_that_is_relinked_is_the_one_that_is_built_anew(
    drawn: tuple[list[int], list[Edge], list[int]], data: st.DataObject
) -> None:
    ids, edges, _ = drawn
    pairs = data.draw(st.sets(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), max_size=5))
    wanted = [
        (*pair, data.draw(st.integers(1, 15)), data.draw(st.sampled_from("ab")), "best")
        for pair in sorted(pairs)
        for _ in range(data.draw(st.integers(0, 2)))
    ]
    kept = [(*edge, 1, "depends_on", "best") for edge in edges if edge not in pairs]
    nodes = [Node(id=id_, code=f"a{id_}", kind="asset", type="prop") for id_ in ids]
    anew = build_graph(revision=2, nodes=nodes, edges=[*kept, *wanted])
    edited = make_graph(ids, edges).relink(revision=2, pairs=pairs, edges=wanted)
    assert edited.revision == 2
    for id_ in ids:
        assert Counter(edited.get_incoming(id_)) == Counter(anew.get_incoming(id_))
        assert edited.get_affected([id_]) == anew.get_affected([id_])
