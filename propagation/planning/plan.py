"""Make the plan of a run: every target that a change reaches once, decided, in lane and batch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assets.graph.dependency_graph import DependencyGraph
from propagation.planning.batches import Target, cut_steps
from propagation.planning.reach import PUBLISHED, Judge, Judged, find_reach, update_all
from propagation.rules.rule import Action


@dataclass(frozen=True, kw_only=True)
class PlanLimits:
    """What the settings say: lanes in the order in which a run goes through them.

    batch_sizes: targets per batch, by lane. batch_threshold: the rest goes through `batch` when
    it counts more targets than this, else through `background`.
    """

    lanes: Sequence[str]
    batch_sizes: Mapping[str, int]
    batch_threshold: int


@dataclass(frozen=True, kw_only=True)
class PlannedBatch:
    """Targets that one task does in one transaction."""

    number: int
    step: int
    lane: str
    targets: Sequence[Target]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a change of the sources will do.

    Each target that is updated stands in exactly one batch; reach has all of them, also those that
    are held or ignored, with what was decided and why.
    """

    graph_revision: int
    batches: Sequence[PlannedBatch]
    reach: Sequence[Judged]
    affected_shots: int
    affected_sequences: int

    @property
    def total(self) -> int:
        """The number of targets that are updated."""
        return sum(len(batch.targets) for batch in self.batches)

    @property
    def others(self) -> list[Judged]:
        """The targets that are held or ignored."""
        return [one for one in self.reach if one.verdict.action != Action.UPDATE]

    @property
    def steps(self) -> int:
        """The number of steps, one chord each."""
        return self.batches[-1].step + 1 if self.batches else 0

    @property
    def lane_counts(self) -> dict[str, int]:
        """Targets by lane, in the order of the lanes; lanes without any are left out."""
        counts: Counter[str] = Counter()
        for batch in self.batches:
            counts[batch.lane] += len(batch.targets)
        return dict(counts)


def make_plan(
    *,
    graph: DependencyGraph,
    sources: Mapping[int, int],
    mode: str,
    limits: PlanLimits,
    judge: Judge = update_all,
    forced: Mapping[int, int] | None = None,
    moved: frozenset[str] = PUBLISHED,
) -> Plan:
    """Return the plan for a change of the sources. O(nodes + edges); KeyError for unknown ids.

    sources: the facets that change, by entity id; forced: those that targets are rebuilt for by
    themselves; sets of bits. moved: what references may follow for the sources to reach them.
    Targets that consume nothing of it, at any number of steps, are not
    in the plan.

    mode `auto`: critical targets and whatever lies between the change and them go through
    realtime first (priority inheritance), as do targets that a rule sends there, so lanes are
    disjoint and no lane waits for a later one. Any other mode names the lane for all.
    """
    reach = find_reach(graph=graph, changed=sources, judge=judge, forced=forced, moved=moved)
    updated = [one for one in reach if one.verdict.action == Action.UPDATE]
    lane_of = _assign_lanes(graph, updated, mode, limits)
    levels = max((one.arrival.level for one in updated), default=0)
    batches: list[PlannedBatch] = []
    step = 0
    for lane in limits.lanes:
        in_lane: list[list[Target]] = [[] for _ in range(levels)]
        for one in updated:
            arrival = one.arrival
            if lane_of[arrival.entity_id] == lane:
                in_lane[arrival.level - 1].append(
                    Target(entity_id=arrival.entity_id, level=arrival.level, verdict=one.verdict)
                )
        for chord in cut_steps(in_lane, size=limits.batch_sizes[lane]):
            batches += [
                PlannedBatch(number=number, step=step, lane=lane, targets=targets)
                for number, targets in enumerate(chord, start=len(batches))
            ]
            step += 1
    kinds = Counter(graph.nodes[one.arrival.entity_id].kind for one in reach)
    return Plan(
        graph_revision=graph.revision,
        batches=batches,
        reach=reach,
        affected_shots=kinds["shot"],
        affected_sequences=kinds["sequence"],
    )


def _assign_lanes(
    graph: DependencyGraph, updated: Sequence[Judged], mode: str, limits: PlanLimits
) -> dict[int, str]:
    """Return the lane of each target; nothing goes later than a target that waits for it."""
    if mode != "auto":
        return {one.arrival.entity_id: mode for one in updated}
    wished = {one.arrival.entity_id: _wish(graph, one) for one in updated}
    lanes = _inherit(graph, updated, wished, limits.lanes)
    rest = sum(lane is None for lane in lanes.values())
    other = "batch" if rest > limits.batch_threshold else "background"
    # A lane that is given by number may lie behind one that a rule asked for.
    settled = {entity: lane or other for entity, lane in lanes.items()}
    return {
        entity: lane or other
        for entity, lane in _inherit(graph, updated, settled, limits.lanes).items()
    }


def _wish(graph: DependencyGraph, one: Judged) -> str | None:
    if graph.nodes[one.arrival.entity_id].is_critical:
        return "realtime"
    return one.verdict.lane or None


def _inherit(
    graph: DependencyGraph,
    updated: Sequence[Judged],
    wished: Mapping[int, str | None],
    order: Sequence[str],
) -> dict[int, str | None]:
    """Return the earliest lane that a target or anything updated behind it is in; None last."""
    rank: dict[int, int] = {
        entity: order.index(lane) if lane else len(order) for entity, lane in wished.items()
    }
    if len(set(rank.values())) > 1:
        for one in reversed(updated):
            mine = rank[one.arrival.entity_id]
            for source, _ in graph.get_incoming(one.arrival.entity_id):
                if rank.get(source, -1) > mine:
                    rank[source] = mine
    return {entity: order[at] if at < len(order) else None for entity, at in rank.items()}
