"""Plans: every affected target once, in an order in which it can be done."""

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from assets.graph.dependency_graph import DependencyGraph, Node, build_graph
from propagation.planning.plan import Plan, PlanLimits, make_plan
from propagation.planning.sizing import Sizes

LIMITS = PlanLimits(
    lanes=("realtime", "batch", "background"),
    sizes=Sizes(fixed={"realtime": 2, "batch": 3, "background": 3}),
    batch_threshold=4,
)
NODES = 12

edges = st.frozensets(
    st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda e: e[0] < e[1]),
    max_size=40,
)
VISUAL = 1
nodes = st.frozensets(st.integers(0, NODES - 1), max_size=4)
sources = st.frozensets(st.integers(0, NODES - 1), min_size=1, max_size=3)
modes = st.sampled_from(["auto", "realtime", "batch", "background"])


def make_graph(
    pairs: frozenset[tuple[int, int]], critical: frozenset[int] = frozenset()
) -> DependencyGraph:
    """Return a graph of shots with these edges."""
    return build_graph(
        revision=1,
        nodes=[
            Node(id=i, code=str(i), kind="shot", type="shot", is_critical=i in critical)
            for i in range(NODES)
        ],
        edges=[(*pair, VISUAL, "depends_on", "best") for pair in pairs],
    )


def list_positions(plan: Plan) -> dict[int, tuple[int, int, int]]:
    """Return (step, batch, place in the batch) of every target."""
    return {
        target.entity_id: (batch.step, batch.number, place)
        for batch in plan.batches
        for place, target in enumerate(batch.targets)
    }


@given(pairs=edges, critical=nodes, roots=sources, mode=modes)
def test_each_affected_target_stands_in_exactly_one_batch(
    pairs: frozenset[tuple[int, int]], critical: frozenset[int], roots: frozenset[int], mode: str
) -> None:
    graph = make_graph(pairs, critical)
    plan = make_plan(graph=graph, sources=dict.fromkeys(roots, VISUAL), mode=mode, limits=LIMITS)
    oracle = nx.DiGraph(pairs)
    oracle.add_nodes_from(range(NODES))
    affected = set().union(*(nx.descendants(oracle, root) for root in roots))
    planned = [target.entity_id for batch in plan.batches for target in batch.targets]
    assert sorted(planned) == sorted(affected)
    assert plan.total == sum(plan.lane_counts.values()) == len(affected)


@given(pairs=edges, critical=nodes, roots=sources, mode=modes)
def test_a_target_comes_after_everything_affected_that_it_uses(
    pairs: frozenset[tuple[int, int]], critical: frozenset[int], roots: frozenset[int], mode: str
) -> None:
    """In an earlier step, or earlier in the same batch; never in a batch beside it."""
    graph = make_graph(pairs, critical)
    plan = make_plan(graph=graph, sources=dict.fromkeys(roots, VISUAL), mode=mode, limits=LIMITS)
    positions = list_positions(plan)
    for source, target in pairs:
        if source in positions and target in positions:
            before, after = positions[source], positions[target]
            assert before[0] < after[0] or (before[1] == after[1] and before[2] < after[2])


@given(pairs=edges, critical=nodes, roots=sources)
def test_critical_targets_and_what_lies_before_them_are_realtime_and_nothing_else_is(
    pairs: frozenset[tuple[int, int]], critical: frozenset[int], roots: frozenset[int]
) -> None:
    plan = make_plan(
        graph=make_graph(pairs, critical),
        sources=dict.fromkeys(roots, VISUAL),
        mode="auto",
        limits=LIMITS,
    )
    oracle = nx.DiGraph(pairs)
    oracle.add_nodes_from(range(NODES))
    affected = set().union(*(nx.descendants(oracle, root) for root in roots))
    reached = critical & affected
    urgent = {n for n in affected if n in reached or nx.descendants(oracle, n) & reached}
    in_lane = {
        target.entity_id
        for batch in plan.batches
        if batch.lane == "realtime"
        for target in batch.targets
    }
    assert in_lane == urgent


@given(pairs=edges, roots=sources, mode=modes)
def test_no_batch_is_larger_than_its_lane_allows(
    pairs: frozenset[tuple[int, int]], roots: frozenset[int], mode: str
) -> None:
    plan = make_plan(
        graph=make_graph(pairs), sources=dict.fromkeys(roots, VISUAL), mode=mode, limits=LIMITS
    )
    assert all(len(one.targets) <= LIMITS.sizes.fixed[one.lane] for one in plan.batches)
    assert [one.number for one in plan.batches] == list(range(len(plan.batches)))


def test_the_rest_goes_through_batch_above_the_threshold_and_background_below() -> None:
    graph = make_graph(frozenset((0, n) for n in range(1, 6)))
    assert make_plan(graph=graph, sources={0: VISUAL}, mode="auto", limits=LIMITS).lane_counts == {
        "batch": 5
    }
    graph = make_graph(frozenset((0, n) for n in range(1, 5)))
    assert make_plan(graph=graph, sources={0: VISUAL}, mode="auto", limits=LIMITS).lane_counts == {
        "background": 4
    }


def test_small_neighbouring_levels_share_a_batch() -> None:
    graph = make_graph(frozenset((n, n + 1) for n in range(NODES - 1)))
    plan = make_plan(graph=graph, sources={0: VISUAL}, mode="batch", limits=LIMITS)
    assert [len(batch.targets) for batch in plan.batches] == [3, 3, 3, 2]
    assert plan.steps == 4
