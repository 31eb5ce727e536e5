"""The nodes of a graph as columns: an entity takes some thirty bytes, not five hundred. Pure."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Traits(NamedTuple):
    """What many entities have in common."""

    kind: str
    type: str
    is_critical: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One entity in the graph."""

    id: int
    code: str
    kind: str
    type: str
    is_critical: bool = False


class Nodes(Mapping[int, Node]):
    """Entities by id, in ascending order; each has a place in it, counted from 0.

    KeyError for an id that is not there.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        """Take in the nodes, in any order; of one that comes twice the last counts."""
        ids = array("q")
        kinds: dict[Traits, int] = {}
        numbers = array("i")
        codes = bytearray()
        ends = array("q", [0])
        for node in nodes:
            ids.append(node.id)
            traits = Traits(node.kind, node.type, node.is_critical)
            numbers.append(kinds.setdefault(traits, len(kinds)))
            codes += node.code.encode()
            ends.append(len(codes))
        order = np.argsort(np.frombuffer(ids, dtype=np.int64), kind="stable")
        self._order = array("i", order.astype(np.int32).tobytes())
        self.ids = array("q", np.frombuffer(ids, dtype=np.int64)[order].tobytes())
        self._codes, self._ends = bytes(codes), ends
        self._traits = list(kinds)
        self._numbers = array("i", np.frombuffer(numbers, dtype=np.int32)[order].tobytes())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.ids)

    def __iter__(self) -> Iterator[int]:
        """Return an iterator over the ids, ascending."""
        return iter(self.ids)

    def __getitem__(self, entity: int) -> Node:
        """Return the node of an entity."""
        place = self.find_place(entity)
        code = self._order[place]
        kind, type_, is_critical = self.get_traits(place)
        return Node(
            id=entity,
            code=self._codes[self._ends[code] : self._ends[code + 1]].decode(),
            kind=kind,
            type=type_,
            is_critical=is_critical,
        )

    def find_place(self, entity: int) -> int:
        """Return the place of an entity."""
        place = bisect_left(self.ids, entity)
        if place == len(self.ids) or self.ids[place] != entity:
            raise KeyError(entity)
        return place

    def find_places(self, entities: "array[int]") -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
        """Return the places of many entities at once."""
        known = np.frombuffer(self.ids, dtype=np.int64)
        asked = np.frombuffer(entities, dtype=np.int64)
        places = np.searchsorted(known, asked)
        missing = asked[(places == len(known)) | (known[places % max(len(known), 1)] != asked)]
        if len(missing):
            raise KeyError(int(missing[0]))
        return places.astype(np.int32)

    def get_traits(self, place: int) -> Traits:
        """Return what the entity at a place is."""
        return self._traits[self._numbers[place]]
