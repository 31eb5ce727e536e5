"""Estimate what a run will take from what runs before it took; knows no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from statistics import quantiles
from typing import TypeAlias

Past: TypeAlias = tuple[int, float]
"""A finished run: its targets, and the seconds from its beginning to its end."""

FEWEST, MOST = 3, 20
"""Runs that an estimate rests on: those nearest in size. With fewer there is none yet."""
BYTES_PER_PLANNED, BYTES_PER_REBUILT = 500, 6_000
"""Memory that a target takes where the plan is made, and in the batch that rebuilds it: rounded up
from what `make test ARGS="-k memory_per_target -s"` measures."""


@dataclass(frozen=True, kw_only=True)
class Duration:
    """Seconds that half, and nine in ten, of such runs took at most; sample: how many runs."""

    p50_s: float
    p90_s: float
    sample: int


def estimate_duration(*, total: int, past: Sequence[Past]) -> Duration | None:
    """Return how long a run of so many targets will take; None when too little is known.

    Each run of the sample stands for its seconds per target times the targets of this one.
    """
    known = [(size, seconds) for size, seconds in past if size > 0]
    if total == 0 or len(known) < FEWEST:
        return None
    nearest = sorted(known, key=lambda one: abs(log(one[0] / total)))[:MOST]
    scaled = [seconds * total / size for size, seconds in nearest]
    tenths = quantiles(scaled, n=10, method="inclusive")
    return Duration(p50_s=round(tenths[4], 2), p90_s=round(tenths[8], 2), sample=len(scaled))


def estimate_memory(*, total: int, largest_batch: int) -> int:
    """Return the bytes that the plan and one worker's largest batch take beside the processes."""
    return total * BYTES_PER_PLANNED + largest_batch * BYTES_PER_REBUILT
