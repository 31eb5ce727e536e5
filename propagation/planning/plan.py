"""Make the plan of a run: every affected target once, in a lane, a step and a batch."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assets.graph.dependency_graph import DependencyGraph
from propagation.planning.batches import Target, cut_steps


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
    """What a change of the sources will do. Each affected target stands in exactly one batch."""

    graph_revision: int
    batches: Sequence[PlannedBatch]
    affected_shots: int
    affected_sequences: int

    @property
    def total(self) -> int:
        """The number of targets."""
        return sum(len(batch.targets) for batch in self.batches)

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
    *, graph: DependencyGraph, sources: Iterable[int], mode: str, limits: PlanLimits
) -> Plan:
    """Return the plan for a change of the sources. O(nodes + edges); KeyError for unknown ids.

    mode `auto`: critical targets and whatever lies between the change and them go through
    realtime first (priority inheritance), so lanes are disjoint and no lane waits for a later
    one. Any other mode names the lane for all.
    """
    roots = list(sources)
    levels = graph.get_levels(roots)
    lane_of = _assign_lanes(graph, roots, levels, mode, limits)
    batches: list[PlannedBatch] = []
    step = 0
    for lane in limits.lanes:
        in_lane = [
            [Target(entity_id=entity, level=level) for entity in ids if lane_of[entity] == lane]
            for level, ids in enumerate(levels, start=1)
        ]
        for chord in cut_steps(in_lane, size=limits.batch_sizes[lane]):
            batches += [
                PlannedBatch(number=number, step=step, lane=lane, targets=targets)
                for number, targets in enumerate(chord, start=len(batches))
            ]
            step += 1
    kinds = Counter(graph.nodes[entity].kind for entity in lane_of)
    return Plan(
        graph_revision=graph.revision,
        batches=batches,
        affected_shots=kinds["shot"],
        affected_sequences=kinds["sequence"],
    )


def _assign_lanes(
    graph: DependencyGraph,
    sources: Sequence[int],
    levels: Sequence[Sequence[int]],
    mode: str,
    limits: PlanLimits,
) -> dict[int, str]:
    affected = [entity for level in levels for entity in level]
    if mode != "auto":
        return dict.fromkeys(affected, mode)
    critical = [entity for entity in affected if graph.nodes[entity].is_critical]
    urgent = graph.get_between(sources, critical) if critical else frozenset()
    rest = len(affected) - len(urgent)
    other = "batch" if rest > limits.batch_threshold else "background"
    return {entity: "realtime" if entity in urgent else other for entity in affected}
