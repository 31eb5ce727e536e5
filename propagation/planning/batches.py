"""Cut the levels of a lane into batches, and batches into steps."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def cut_steps(
    levels: Iterable[Sequence[T]], *, size: int, weigh: Callable[[T], int] | None = None
) -> Iterator[list[list[T]]]:
    """Yield the steps of a lane, each a list of batches of at most `size` targets.

    Batches of one step may run in parallel. A level larger than a batch is a step of several;
    small neighbouring levels share one batch, in order, so that a chain of 5 000 assets takes
    ten tasks instead of 5 000. weigh: as how many targets one counts; 1 where it is not given. One
    that weighs more than a batch has one of its own.
    """
    shared: list[T] = []
    weight = 0
    for level in levels:
        weights = [1] * len(level) if weigh is None else [weigh(one) for one in level]
        total = sum(weights)
        if shared and weight + total > size:
            yield [shared]
            shared, weight = [], 0
        if total > size:
            yield list(_cut(level, weights, size))
        else:
            shared.extend(level)
            weight += total
    if shared:
        yield [shared]


def _cut(level: Sequence[T], weights: Sequence[int], size: int) -> Iterator[list[T]]:
    batch: list[T] = []
    weight = 0
    for one, more in zip(level, weights, strict=True):
        if batch and weight + more > size:
            yield batch
            batch, weight = [], 0
        batch.append(one)
        weight += more
    yield batch
