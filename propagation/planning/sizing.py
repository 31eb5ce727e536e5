"""How many targets one task does: what the lane's workers do in half a second; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from types import MappingProxyType

FEW = 200
"""Targets that are one task, in whatever lane: several would only wait for each other's chord."""
MOST_TASKS = 500
"""Tasks of one chord; publishing 5 000 takes 4 s, 500 a quarter of one."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Sizes of a lane's batches: at least, at most, and as long as nothing was measured.

    seconds: what one is to take. Short where people wait: a batch is the smallest thing that gives
    way, and that shows progress.
    """

    least: int
    most: int
    usual: int
    seconds: float


BOUNDS: Mapping[str, Bounds] = MappingProxyType(
    {
        "realtime": Bounds(least=100, most=500, usual=100, seconds=0.05),
        "batch": Bounds(least=500, most=5000, usual=2000, seconds=0.5),
        "background": Bounds(least=500, most=5000, usual=2000, seconds=0.5),
    }
)
"""A worker that dies loses a batch: half a second of work, whatever its size."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The sizes of the batches of each lane.

    rates: targets per second and worker, where some were measured. fixed: sizes that somebody set.
    """

    rates: Mapping[str, float] = field(default_factory=dict)
    fixed: Mapping[str, int] = field(default_factory=dict)

    def choose(self, *, lane: str, count: int) -> int:
        """Return how many of so many targets of a lane go into one batch."""
        if lane in self.fixed:
            return self.fixed[lane]
        if count <= FEW:
            return FEW
        bounds = BOUNDS[lane]
        rate = self.rates.get(lane)
        wished = bounds.usual if rate is None else int(rate * bounds.seconds)
        return max(min(max(wished, bounds.least), bounds.most), ceil(count / MOST_TASKS))
