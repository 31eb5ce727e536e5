"""How many examples a property over the database is tried on, in one place."""

import os

from hypothesis import HealthCheck, Phase, settings

EXAMPLES = float(os.environ.get("CONTINUITY_EXAMPLES", "1"))
"""CONTINUITY_EXAMPLES=10 tries each property on ten times as many as a usual run does."""


def scale(times: int) -> int:
    """Return how often something random is done that a usual run does so many times."""
    return max(1, round(times * EXAMPLES))


def tried_on(examples: int) -> settings:
    """Return settings that try a property on so many examples in a usual run."""
    return settings(
        deadline=None,
        max_examples=scale(examples),
        suppress_health_check=list(HealthCheck),
    )


def driven(examples: int) -> settings:
    """Return settings that drive a state machine that often, twenty steps each time."""
    return settings(
        tried_on(examples),
        stateful_step_count=20,
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    )
