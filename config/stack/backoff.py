"""How long the supervisor waits before it starts a part again."""

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 10.0
CALM_S = 30.0
"""A part that lived this long is taken for healthy: its next death counts as the first."""


def choose_delay(*, previous_s: float | None, alive_s: float) -> float:
    """Return the seconds to wait, given the last wait and how long the part lived after it."""
    if previous_s is None or alive_s >= CALM_S:
        return FIRST_DELAY_S
    return min(previous_s * 2, LONGEST_DELAY_S)
