"""Cut the levels of a lane into batches, and batches into steps."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def cut_steps(levels: Iterable[Sequence[T]], *, size: int) -> Iterator[list[list[T]]]:
    """Yield the steps of a lane, each a list of batches of at most `size` targets.

    Batches of one step may run in parallel. A level larger than a batch is a step of several;
    small neighbouring levels share one batch, in order, so that a chain of 5 000 assets takes
    ten tasks instead of 5 000.
    """
    shared: list[T] = []
    for level in levels:
        if shared and len(shared) + len(level) > size:
            yield [shared]
            shared = []
        if len(level) > size:
            yield [list(level[start : start + size]) for start in range(0, len(level), size)]
        else:
            shared.extend(level)
    if shared:
        yield [shared]
