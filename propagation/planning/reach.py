"""How far a change reaches, and what is decided about each target on the way."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from assets.graph.dependency_graph import DependencyGraph
from propagation.rules.rule import Action, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A target that a change reaches: at which level, in which facets, through which roles.

    via: the source through which it comes; None for a target that is asked for by itself.
    stays: its references consume what changed, but none follows it now: it is pinned, or waits
    for an approval.
    """

    entity_id: int
    level: int
    facets: int
    roles: frozenset[str]
    via: int | None
    stays: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A target and what was decided about it."""

    arrival: Arrival
    verdict: Verdict


Judge: TypeAlias = Callable[[Arrival], Verdict]
UPDATE = Verdict(action=Action.UPDATE, rule="all-else", reason="fits anything")
PINNED = Verdict(
    action=Action.PINNED, rule="pinned", reason="its references do not follow what changed"
)
PUBLISHED = frozenset({"best", "latest"})
"""What references follow that a newly published version reaches."""


def update_all(arrival: Arrival) -> Verdict:
    """Decide that whatever follows the change is updated."""
    return PINNED if arrival.stays else UPDATE


def find_reach(
    *,
    graph: DependencyGraph,
    changed: Mapping[int, int],
    judge: Judge = update_all,
    forced: Mapping[int, int] | None = None,
    moved: frozenset[str] = PUBLISHED,
) -> list[Judged]:
    """Return every target that the change reaches, once, in the order of levels.

    changed: facets by source, forced: facets that a target is to be rebuilt for by itself; sets of
    bits. moved: what references may follow for the sources themselves to reach them; behind them
    versions are published. Along a reference only what it consumes goes on, and behind a target
    that is not updated nothing does: it waits, or stays, with it. O(nodes + edges) of what could be
    affected.
    """
    wanted = forced or {}
    carried = dict(changed)
    moves = dict.fromkeys(changed, moved)
    found: list[Judged] = []
    for level, wave in enumerate(_list_waves(graph, changed, wanted), start=1):
        for entity in wave:
            arrival = _arrive(graph, entity, level, carried, moves, wanted.get(entity, 0))
            if arrival is None:
                continue
            verdict = judge(arrival)
            found.append(Judged(arrival=arrival, verdict=verdict))
            if verdict.action == Action.UPDATE:
                carried[entity] = carried.get(entity, 0) | arrival.facets
                moves[entity] = moves.get(entity, PUBLISHED) | PUBLISHED
    return found


def trace_all(reach: Sequence[Judged]) -> dict[int, list[int]]:
    """Return a path by which the change comes to each target, from the source to itself."""
    paths: dict[int, list[int]] = {}
    for one in reach:  # in the order of levels, so that what it comes through is there
        entity, via = one.arrival.entity_id, one.arrival.via
        before = [] if via is None else paths.get(via, [via])
        paths[entity] = [*before, entity]
    return paths


def _list_waves(
    graph: DependencyGraph, changed: Mapping[int, int], forced: Collection[int]
) -> Iterator[tuple[int, ...]]:
    return iter(graph.get_levels({*changed, *forced}, and_roots=forced))


def _arrive(
    graph: DependencyGraph,
    entity: int,
    level: int,
    carried: Mapping[int, int],
    moves: Mapping[int, frozenset[str]],
    forced: int,
) -> Arrival | None:
    touching = [
        (source, touched, role, follow in moves[source])
        for source, (consumed, role, follow) in graph.get_incoming(entity)
        if (touched := carried.get(source, 0) & consumed)
    ]
    following = [one for one in touching if one[3]]
    stays = not (following or forced)
    facets, roles, via = forced, set[str](), None
    for source, touched, role, _ in touching if stays else following:
        facets |= touched
        roles.add(role)
        via = source if via is None else min(via, source)
    if not facets:
        return None
    return Arrival(
        entity_id=entity, level=level, facets=facets, roles=frozenset(roles), via=via, stays=stays
    )
