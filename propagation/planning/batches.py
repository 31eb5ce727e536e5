"""Cut the levels of a lane into batches, and batches into steps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from propagation.rules.rule import Verdict

Level = Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Target:
    """One entity of a plan, and by which rule it is updated.

    level: its longest distance from the change, in edges, from 1.
    """

    entity_id: int
    level: int
    verdict: Verdict


def cut_steps(levels: Sequence[Sequence[Target]], *, size: int) -> Iterator[list[list[Target]]]:
    """Yield the steps of a lane, each a list of batches of at most `size` targets.

    Batches of one step may run in parallel. A level larger than a batch is a step of several;
    small neighbouring levels share one batch, in order, so that a chain of 5 000 assets takes
    ten tasks instead of 5 000.
    """
    shared: list[Target] = []
    for level in levels:
        if shared and len(shared) + len(level) > size:
            yield [shared]
            shared = []
        if len(level) > size:
            yield [list(level[start : start + size]) for start in range(0, len(level), size)]
        else:
            shared = [*shared, *level]
    if shared:
        yield [shared]
