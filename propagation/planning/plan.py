"""Make the plan of a run: every target that a change reaches once, decided, in lane and batch."""

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from assets.graph.dependency_graph import DependencyGraph
from propagation.planning.arrival import Judge, Judged, update_all
from propagation.planning.batches import cut_steps
from propagation.planning.reach import PUBLISHED, Reach, find_reach
from propagation.planning.sizing import Sizes
from propagation.rules.rule import Action, Verdict

REFERENCES_OF_ONE = 4
"""A target of more references than this counts as several, so that batches take the memory and
time that they are sized by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One entity of a plan, and by which rule it is updated.

    level: its longest distance from the change, in edges, from 1.
    """

    entity_id: int
    level: int
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class PlanLimits:
    """What the settings say: lanes in the order in which a run goes through them.

    sizes: targets per batch. batch_threshold: the rest goes through `batch` when
    it counts more targets than this, else through `background`.
    """

    lanes: Sequence[str]
    sizes: Sizes
    batch_threshold: int


@dataclass(frozen=True, kw_only=True)
class PlannedBatch:
    """Targets that one task does in one transaction.

    numbers: of the targets in `reach`.
    """

    number: int
    step: int
    lane: str
    reach: Reach
    numbers: "array[int]"

    def __len__(self) -> int:
        """Return how many targets it has."""
        return len(self.numbers)

    @property
    def targets(self) -> list[Target]:
        """The targets, in their order."""
        return list(self.list_targets())

    def list_targets(self) -> Iterator[Target]:
        """Yield the targets."""
        for one in self.reach.look(self.numbers):
            arrival = one.arrival
            yield Target(entity_id=arrival.entity_id, level=arrival.level, verdict=one.verdict)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a change of the sources will do.

    Each target that is updated stands in exactly one batch; reach has all of them, also those that
    are held or ignored, with what was decided and why.
    """

    graph_revision: int
    batches: Sequence[PlannedBatch]
    reach: Reach
    affected_shots: int
    affected_sequences: int

    @property
    def total(self) -> int:
        """The number of targets that are updated."""
        return sum(map(len, self.batches))

    @cached_property
    def others(self) -> list[Judged]:
        """The targets that are held or ignored."""
        kept = [action for action in Action if action != Action.UPDATE]
        return list(self.reach.look(self.reach.list_numbers(*kept)))

    @property
    def batch_sizes(self) -> dict[str, int]:
        """How many targets the largest batch of each lane has."""
        sizes: dict[str, int] = {}
        for batch in self.batches:
            sizes[batch.lane] = max(len(batch), sizes.get(batch.lane, 0))
        return sizes

    @property
    def lanes(self) -> dict[int, str]:
        """The lane of each target that is updated, by entity id."""
        return {
            entity: batch.lane
            for batch in self.batches
            for entity in self.reach.list_ids(batch.numbers)
        }

    @property
    def steps(self) -> int:
        """The number of steps, one chord each."""
        return self.batches[-1].step + 1 if self.batches else 0

    @property
    def lane_counts(self) -> dict[str, int]:
        """Targets by lane, in the order of the lanes; lanes without any are left out."""
        counts: Counter[str] = Counter()
        for batch in self.batches:
            counts[batch.lane] += len(batch)
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
    reach: Reach | None = None,
) -> Plan:
    """Return the plan for a change of the sources. O(nodes + edges); KeyError for unknown ids.

    sources: the facets that change, by entity id; forced: those that targets are rebuilt for by
    themselves; sets of bits. moved: what references may follow for the sources to reach them.
    reach: whom they reach and what was decided, where that is known.
    Targets that consume nothing of it, at any number of steps, are not
    in the plan.

    mode `auto`: critical targets and whatever lies between the change and them go through
    realtime first (priority inheritance), as do targets that a rule sends there, so lanes are
    disjoint and no lane waits for a later one. Any other mode names the lane for all.
    """
    if reach is None:
        reach = find_reach(graph=graph, changed=sources, judge=judge, forced=forced, moved=moved)
    updated = reach.list_numbers(Action.UPDATE)
    ranks = _rank(graph, reach, updated, mode, limits)
    weigh = partial(_weigh, graph, reach)
    batches: list[PlannedBatch] = []
    step = 0
    for rank, lane in enumerate(limits.lanes):
        in_lane = array("i", [one for one in updated if ranks[one] == rank])
        size = limits.sizes.choose(lane=lane, count=len(in_lane))
        for chord in cut_steps(_split_levels(reach, in_lane), size=size, weigh=weigh):
            batches += [
                PlannedBatch(
                    number=number, step=step, lane=lane, reach=reach, numbers=array("i", numbers)
                )
                for number, numbers in enumerate(chord, start=len(batches))
            ]
            step += 1
    kinds = Counter(graph.nodes.get_traits(place).kind for place in reach.places)
    return Plan(
        graph_revision=graph.revision,
        batches=batches,
        reach=reach,
        affected_shots=kinds["shot"],
        affected_sequences=kinds["sequence"],
    )


def _weigh(graph: DependencyGraph, reach: Reach, number: int) -> int:
    """Return as how many targets one counts: a sequence of many shots has many inputs to write."""
    starts, place = graph.up.starts, reach.places[number]
    return max((starts[place + 1] - starts[place]) // REFERENCES_OF_ONE, 1)


def _split_levels(reach: Reach, numbers: "array[int]") -> Iterator["array[int]"]:
    """Yield the numbers of each level; they ascend, and with them the levels do."""
    levels = reach.levels
    start = 0
    for at in range(1, len(numbers) + 1):
        if at == len(numbers) or levels[numbers[at]] != levels[numbers[start]]:
            yield numbers[start:at]
            start = at


def _rank(
    graph: DependencyGraph, reach: Reach, updated: "array[int]", mode: str, limits: PlanLimits
) -> bytearray:
    """Return the rank of the lane of each target; nothing goes later than what waits for it."""
    order = limits.lanes
    ranks = bytearray(len(reach))
    if mode != "auto":
        for number in updated:
            ranks[number] = order.index(mode)
        return ranks
    undecided = len(order)
    for number in updated:
        lane = _wish(graph, reach, number)
        ranks[number] = order.index(lane) if lane else undecided
    _inherit(graph, reach, updated, ranks)
    rest = sum(ranks[number] == undecided for number in updated)
    other = order.index("batch" if rest > limits.batch_threshold else "background")
    for number in updated:
        if ranks[number] == undecided:
            ranks[number] = other
    # A lane that is given by number may lie behind one that a rule asked for.
    _inherit(graph, reach, updated, ranks)
    return ranks


def _wish(graph: DependencyGraph, reach: Reach, number: int) -> str | None:
    if graph.nodes.get_traits(reach.places[number]).is_critical:
        return "realtime"
    return reach.get_verdict(number).lane or None


def _inherit(graph: DependencyGraph, reach: Reach, updated: "array[int]", ranks: bytearray) -> None:
    """Let each target have the earliest lane that anything updated behind it is in."""
    if len({ranks[number] for number in updated}) < 2:  # noqa: PLR2004 (all in one)
        return
    places = {reach.places[number]: number for number in updated}
    for number in reversed(updated):
        for source in graph.up.list_next(reach.places[number]):
            behind = places.get(source)
            if behind is not None:
                ranks[behind] = min(ranks[behind], ranks[number])
