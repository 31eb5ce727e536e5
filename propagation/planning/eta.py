"""Tell when a run will be over from how fast it goes; knows no database."""

from collections.abc import Sequence
from dataclasses import dataclass

WINDOW_S = 20.0
"""Seconds that the pace of a lane is measured over."""
FEWEST = 20
"""Items that have to be done within the window; with fewer there is no estimate yet."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a lane goes: items left; items done within the window; seconds of it that it ran."""

    left: int
    done: int
    seconds: float

    @property
    def rate(self) -> float | None:
        """Items per second; None when nothing is known."""
        return self.done / self.seconds if self.done and self.seconds > 0 else None


def estimate_left(paces: Sequence[Pace]) -> float | None:
    """Return the seconds until the lanes, one after the other, are done; None: too little known.

    A lane that has not begun is taken to go as fast as the others did.
    """
    done = sum(pace.done for pace in paces)
    seconds = sum(pace.seconds for pace in paces if pace.done)
    if done < FEWEST or seconds <= 0:
        return None
    return sum(pace.left / (pace.rate or done / seconds) for pace in paces)
