"""What an entity depends on and what depends on it, as boxes and arrows that fit a page."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assets.graph.cache import load_graph
from assets.graph.dependency_graph import DependencyGraph, Edge
from assets.graph.layout import find_layers
from assets.models import Entity, Kind
from propagation.services.entity_states import EntityState, read_entity_states

MOST_BOXES = 200
"""With more, shots are grouped by sequence; of what is more even then, the nearest are kept."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """An entity, or the shots of a sequence. id: the entity, or the sequence (None: of no one).

    distance: in edges from the root, negative upstream. states: how many members stand how.
    """

    id: int | None
    members: Sequence[int]
    code: str
    type: str
    kind: str
    distance: int
    layer: int
    states: Mapping[str, int]
    is_group: bool = False


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """Boxes, nearest first, with arrows between their indices. left_out: entities beyond them."""

    boxes: Sequence[Box]
    edges: Sequence[tuple[int, int]]
    root: int
    left_out: int

    @property
    def is_grouped(self) -> bool:
        """Whether shots stand together by sequence."""
        return any(box.is_group for box in self.boxes)


def read_neighbourhood(
    *, entity: Entity, up: int, down: int, most: int = MOST_BOXES
) -> Neighbourhood:
    """Return what lies up to so many edges upstream and downstream. Seven statements, warm."""
    graph = load_graph(project_id=entity.project_id)
    above = graph.get_affected([entity.pk], depth=up, upstream=True)
    below = graph.get_affected([entity.pk], depth=down)
    distances = {entity.pk: 0} | {pk: -far for pk, far in above.items()} | below
    near = sorted(distances, key=lambda pk: (abs(distances[pk]), pk))
    states = read_entity_states(project_id=entity.project_id, entity_ids=near)
    edges = graph.get_edges_within(near)
    groups = _group(graph, near, root=entity.pk) if len(near) > most else {pk: [pk] for pk in near}
    kept = dict(list(groups.items())[:most])
    layers = find_layers(near, edges)
    boxes = [
        _make_box(graph, key, members, distances, layers, states) for key, members in kept.items()
    ]
    place = {pk: index for index, box in enumerate(boxes) for pk in box.members}
    return Neighbourhood(
        boxes=boxes,
        edges=_join(edges, place),
        root=place[entity.pk],
        left_out=len(near) - len(place),
    )


def _group(
    graph: DependencyGraph, near: Iterable[int], *, root: int
) -> dict[int | None, list[int]]:
    """Return the members of each box by entity, those of shots by the negative sequence's id."""
    groups: dict[int | None, list[int]] = {}
    for pk in near:
        is_shot = graph.nodes[pk].kind == Kind.SHOT and pk != root
        sequence = _find_sequence(graph, pk) if is_shot else None
        key = (-sequence if sequence else None) if is_shot else pk
        groups.setdefault(key, []).append(pk)
    return groups


def _find_sequence(graph: DependencyGraph, shot: int) -> int | None:
    """Return the first sequence that is cut from the shot."""
    behind = graph.get_affected([shot], depth=1)
    return next((pk for pk in behind if graph.nodes[pk].kind == Kind.SEQUENCE), None)


def _make_box(
    graph: DependencyGraph,
    key: int | None,
    members: Sequence[int],
    distances: Mapping[int, int],
    layers: Mapping[int, int],
    states: Mapping[int, EntityState],
) -> Box:
    is_group = key is None or key < 0
    named = None if key is None else graph.nodes[abs(key)]
    code = named.code if named else "no sequence"
    return Box(
        id=named.id if named else None,
        members=members,
        code=f"{len(members)} shots of {code}" if is_group else code,
        type="shots" if is_group or named is None else named.type,
        kind=named.kind if named else Kind.SEQUENCE,
        distance=distances[members[0]],
        layer=max(layers[pk] for pk in members),
        states=dict(Counter(states[pk].value for pk in members).most_common()),
        is_group=is_group,
    )


def _join(edges: Collection[Edge], place: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return the arrows between boxes, each once, none from a box to itself."""
    return sorted(
        {
            (place[source], place[target])
            for source, target in edges
            if source in place and target in place and place[source] != place[target]
        }
    )
