"""The graphs of the benchmark reach as many dependents as are asked for."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.speed.graphs import SHAPES, make_film
from propagation.interchange.roles import ROLE_RULES
from propagation.management.benchmark.graphs import (
    CHANGED,
    UNREACHED,
    Node,
    make_scenario,
    measure_reach,
)
from tests.properties import tried_on


def make_oracle(nodes: list[Node]) -> "nx.DiGraph[int]":
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(nodes)))
    graph.add_edges_from((used, at) for at, node in enumerate(nodes) for used, _ in node.uses)
    return graph


@pytest.mark.parametrize("shape", SHAPES)
@tried_on(30)
@given(targets=st.integers(min_value=6, max_value=2500))
def test_a_change_reaches_exactly_so_many(shape: str, targets: int) -> None:
    nodes = list(SHAPES[shape](targets))
    graph = make_oracle(nodes)
    assert nx.is_directed_acyclic_graph(graph)
    assert len(nx.descendants(graph, CHANGED)) == targets == measure_reach(nodes).targets
    assert len({node.code for node in nodes}) == len(nodes)


@tried_on(30)
@given(targets=st.integers(min_value=6, max_value=300))
def test_levels_are_longest_distances(targets: int) -> None:
    nodes = list(make_film(targets))
    graph = make_oracle(nodes)
    reached = {CHANGED} | nx.descendants(graph, CHANGED)
    within = graph.subgraph(reached)
    waves = enumerate(nx.topological_generations(within))
    levels = {node: level for level, wave in waves for node in wave}
    reach = measure_reach(nodes)
    assert list(reach.levels) == [levels.get(at, UNREACHED) for at in range(len(nodes))]
    assert reach.inputs == within.number_of_edges()


def test_a_film_is_made_as_films_are() -> None:
    nodes = list(make_film(3000))
    kinds = {node.type for node in nodes}
    assert kinds == {"character", "wardrobe", "prop", "location", "shot", "sequence"}
    for node in nodes:
        for used, role in node.uses:
            rule = ROLE_RULES[role]
            assert rule.is_source(nodes[used])
            assert rule.target_kind == node.kind
    shots = [node for node in nodes if node.kind == "shot"]
    assert sum(len(node.uses) for node in shots) / len(shots) > 3
    assert max(measure_reach(nodes).levels) == 4, "costume, shot, sequence, act"
    assert any(node.kind == "shot" and (CHANGED, "character") not in node.uses for node in nodes)


def test_too_small_a_film_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 6"):
        list(make_film(3))


@tried_on(30)
@given(assets=st.integers(1, 50), dependencies=st.integers(1, 500))
def test_a_scenario_has_so_many_assets_and_dependencies(assets: int, dependencies: int) -> None:
    nodes = list(make_scenario(assets=assets, dependencies=dependencies))
    assert sum(node.kind == "asset" for node in nodes) == assets
    assert measure_reach(nodes).targets == dependencies
    assert all(len({used for used, _ in node.uses}) == len(node.uses) for node in nodes)
