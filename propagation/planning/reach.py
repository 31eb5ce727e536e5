"""How far a change reaches, and what is decided about each target on the way."""

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from assets.graph.dependency_graph import DependencyGraph
from assets.graph.nodes import Traits
from propagation.planning.arrival import Arrival, Judge, Judged, update_all
from propagation.rules.rule import Action, Verdict

PUBLISHED = frozenset({"best", "latest"})
"""What references follow that a newly published version reaches."""
NOBODY = -1


class Reach(Sequence[Judged]):
    """Targets in the order of levels, in columns: a million of them take 30 MB.

    A row becomes an object when it is looked at. places: of the targets in the graph.
    """

    def __init__(self, graph: DependencyGraph) -> None:
        """Make it empty."""
        self._graph = graph
        self.places = array("i")
        self.levels = array("i")
        self._vias = array("i")
        self._facets = bytearray()
        self._stays = bytearray()
        self._roles = array("i")
        self._verdicts = array("i")
        self._role_sets: dict[frozenset[str], int] = {}
        self._known: dict[Verdict, int] = {}
        self._listed: list[Verdict] = []

    def append(self, arrival: Arrival, verdict: Verdict, *, place: int, via: int) -> None:
        """Add one; via: the place that it is reached through, or NOBODY."""
        self.places.append(place)
        self.levels.append(arrival.level)
        self._vias.append(via)
        self._facets.append(arrival.facets)
        self._stays.append(arrival.stays)
        self._roles.append(self._role_sets.setdefault(arrival.roles, len(self._role_sets)))
        self._decide(verdict)

    def _decide(self, verdict: Verdict) -> None:
        number = self._known.setdefault(verdict, len(self._known))
        if number == len(self._listed):
            self._listed.append(verdict)
        self._verdicts.append(number)

    def judge_again(self, judge: Judge) -> bool:
        """Decide about each anew; False, and all is as it was, if one that follows stays behind.

        Whatever lies behind such a one has to be found anew.
        """
        verdicts = []
        for one in self:
            verdict = judge(one.arrival)
            if verdict.action != Action.UPDATE and not one.arrival.stays:
                return False
            verdicts.append(verdict)
        self._verdicts, self._known, self._listed = array("i"), {}, []
        for verdict in verdicts:
            self._decide(verdict)
        return True

    def list_numbers(self, *actions: Action) -> "array[int]":
        """Return the numbers of the targets about which one of these was decided."""
        wanted = {number for verdict, number in self._known.items() if verdict.action in actions}
        return array("i", [at for at, number in enumerate(self._verdicts) if number in wanted])

    def list_ids(self, numbers: Sequence[int] | None = None) -> list[int]:
        """Return the ids of the targets with these numbers, or of all."""
        ids, places = self._graph.nodes.ids, self.places
        if numbers is None:
            return [ids[place] for place in places]
        return [ids[places[number]] for number in numbers]

    def list_following(self) -> list[int]:
        """Return the ids of those that follow the change."""
        ids, places = self._graph.nodes.ids, self.places
        return [ids[places[at]] for at, stays in enumerate(self._stays) if not stays]

    def count_following(self) -> Counter[Traits]:
        """Return how many of those that follow the change are what."""
        get_traits, places = self._graph.nodes.get_traits, self.places
        return Counter(get_traits(places[at]) for at, stays in enumerate(self._stays) if not stays)

    def get_verdict(self, number: int) -> Verdict:
        """Return what was decided about a target."""
        return self._listed[self._verdicts[number]]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.places)

    @overload
    def __getitem__(self, number: int) -> Judged: ...
    @overload
    def __getitem__(self, number: slice) -> list[Judged]: ...
    def __getitem__(self, number: int | slice) -> Judged | list[Judged]:
        """Return one target, or several."""
        if isinstance(number, slice):
            return list(self.look(range(len(self))[number]))
        return next(self.look([range(len(self))[number]]))

    def __iter__(self) -> Iterator[Judged]:
        """Yield each target."""
        return self.look(range(len(self)))

    def look(self, numbers: Sequence[int]) -> Iterator[Judged]:
        """Yield the targets with these numbers."""
        nodes, roles, verdicts = self._graph.nodes, list(self._role_sets), self._listed
        ids = nodes.ids
        for number in numbers:
            place, via = self.places[number], self._vias[number]
            arrival = Arrival(
                ids[place],
                self.levels[number],
                self._facets[number],
                roles[self._roles[number]],
                None if via == NOBODY else ids[via],
                bool(self._stays[number]),
                nodes.get_traits(place),
            )
            yield Judged(arrival, verdicts[self._verdicts[number]])


def find_reach(
    *,
    graph: DependencyGraph,
    changed: Mapping[int, int],
    judge: Judge = update_all,
    forced: Mapping[int, int] | None = None,
    moved: frozenset[str] = PUBLISHED,
) -> Reach:
    """Return every target that the change reaches, once, in the order of levels.

    changed: facets by source, forced: facets that a target is to be rebuilt for by itself; sets of
    bits. moved: what references may follow for the sources themselves to reach them; behind them
    versions are published. Along a reference only what it consumes goes on, and behind a target
    that is not updated nothing does: it waits, or stays, with it. O(nodes + edges) of what could be
    affected.
    """
    wanted = forced or {}
    find_place = graph.nodes.find_place
    front = _Front(graph, moved)
    for source, facets in changed.items():
        front.carry(find_place(source), facets, front.moved)
    asked = {find_place(entity): facets for entity, facets in wanted.items()}
    reach = Reach(graph)
    waves = graph.list_waves({*changed, *wanted}, and_roots=wanted)
    for level, wave in enumerate(waves, start=1):
        for place in wave:
            arrived = front.arrive(place, asked.get(place, 0))
            if arrived is None:
                continue
            facets, roles, via, stays = arrived
            arrival = Arrival(
                graph.nodes.ids[place],
                level,
                facets,
                roles,
                None if via == NOBODY else graph.nodes.ids[via],
                stays,
                graph.nodes.get_traits(place),
            )
            verdict = judge(arrival)
            reach.append(arrival, verdict, place=place, via=via)
            if verdict.action == Action.UPDATE:
                front.carry(place, facets, front.published)
    return reach


class _Front:
    """What the places that were reached so far carry on, and along which references.

    Sets are bits: facets in a byte, what references may follow, and roles, by number.
    """

    def __init__(self, graph: DependencyGraph, moved: frozenset[str]) -> None:
        follows = {follow: 1 << at for at, follow in enumerate({use[2] for use in graph.uses})}
        roles = {role: 1 << at for at, role in enumerate(sorted({use[1] for use in graph.uses}))}
        self._up = graph.up
        self._consumed = [facets for facets, _, _ in graph.uses]
        self._follow = [follows[follow] for _, _, follow in graph.uses]
        self._role = [roles[role] for _, role, _ in graph.uses]
        self._names = roles
        self._sets: dict[int, frozenset[str]] = {0: frozenset()}
        self._carried = bytearray(len(graph.nodes))
        self._moves = bytearray(len(graph.nodes))
        self.moved = sum(follows.get(follow, 0) for follow in moved)
        self.published = sum(follows.get(follow, 0) for follow in PUBLISHED)

    def carry(self, place: int, facets: int, moves: int) -> None:
        """Let a place carry facets on, along references that follow one of these."""
        self._carried[place] |= facets
        self._moves[place] |= moves

    def arrive(self, place: int, forced: int) -> tuple[int, frozenset[str], int, bool] | None:
        """Return facets, roles, via whom, and whether it stays; None when nothing arrives."""
        starts, sources, uses = self._up
        carried = self._carried
        facets, roles, via = forced, 0, NOBODY
        kept, kept_roles, kept_via = 0, 0, NOBODY
        for at in range(starts[place], starts[place + 1]):
            source = sources[at]
            use = uses[at]
            touched = carried[source] & self._consumed[use]
            if not touched:
                continue
            if self._moves[source] & self._follow[use]:
                facets |= touched
                roles |= self._role[use]
                via = source if via == NOBODY or source < via else via
            else:
                kept |= touched
                kept_roles |= self._role[use]
                kept_via = source if kept_via == NOBODY or source < kept_via else kept_via
        if facets:
            return facets, self._name(roles), via, False
        if kept:
            return kept, self._name(kept_roles), kept_via, True
        return None

    def _name(self, roles: int) -> frozenset[str]:
        known = self._sets.get(roles)
        if known is None:
            known = frozenset(name for name, bit in self._names.items() if bit & roles)
            self._sets[roles] = known
        return known


def trace_all(reach: Sequence[Judged]) -> dict[int, list[int]]:
    """Return a path by which the change comes to each target, from the source to itself."""
    paths: dict[int, list[int]] = {}
    for one in reach:  # in the order of levels, so that what it comes through is there
        entity, via = one.arrival.entity_id, one.arrival.via
        before = [] if via is None else paths.get(via, [via])
        paths[entity] = [*before, entity]
    return paths
