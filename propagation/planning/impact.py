"""How much a change affects, in one word."""

from enum import StrEnum

MANY_SHOTS = 100
"""Above it a change is high: as many as make the rest of a run go through `batch`."""
VERY_MANY_SHOTS = 1000


class Impact(StrEnum):
    """Levels, ascending."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


def judge_impact(*, shots: int, guarded: int, critical: int) -> Impact:
    """Return the level of a change that affects so many shots.

    guarded: affected targets that are approved or locked. critical: those of critical priority.
    """
    if shots > VERY_MANY_SHOTS:
        return Impact.CRITICAL
    if shots > MANY_SHOTS or guarded or critical:
        return Impact.HIGH
    return Impact.MEDIUM if shots else Impact.LOW
