"""Invented productions of any size, node by node, sources before targets; pure."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Use: TypeAlias = tuple[int, str]
"""The index of the node that is used, and the role."""
CHANGED = 0
"""The node whose change is measured: the first one."""
UNREACHED = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One entity, and what it uses: nodes that came before it."""

    code: str
    kind: str
    type: str
    uses: Sequence[Use] = ()


@dataclass(kw_only=True)
class Reach:
    """What a change of the first node reaches; eight bytes per node.

    levels: the longest distance from the change by index, UNREACHED for what stays.
    """

    levels: "array[int]" = field(default_factory=lambda: array("q"))
    targets: int = 0
    inputs: int = 0
    """References along which the change goes: what the new versions consume."""

    def add(self, node: Node) -> None:
        """Take in the next node."""
        index = len(self.levels)
        levels = [self.levels[source] for source, _ in node.uses]
        level = max(levels, default=UNREACHED)
        reached = 0 if index == CHANGED else level + 1 if level > UNREACHED else UNREACHED
        self.levels.append(reached)
        if reached > 0:
            self.targets += 1
            self.inputs += sum(one > UNREACHED for one in levels)


def make_scenario(*, assets: int, dependencies: int) -> Iterator[Node]:
    """Yield so many assets, and as many shots as there are dependencies.

    Every shot uses the asset that is changed and two others, as far as there are any.
    """
    for number in range(assets):
        yield Node(code=f"asset-{number:05}", kind="asset", type="prop")
    for number in range(dependencies):
        others = {1 + (number + step) % (assets - 1) for step in (0, 7)} if assets > 1 else set()
        uses = [(source, "prop") for source in (CHANGED, *sorted(others))]
        yield Node(code=f"shot-{number:07}", kind="shot", type="shot", uses=uses)


def measure_reach(nodes: Iterable[Node]) -> Reach:
    """Return what a change of the first node reaches. O(nodes + uses)."""
    reach = Reach()
    for node in nodes:
        reach.add(node)
    return reach
