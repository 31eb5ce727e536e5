"""What is known of a target that a change reaches, and what is decided about it."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from assets.graph.nodes import Traits
from propagation.rules.rule import Action, Verdict


class Arrival(NamedTuple):
    """A target that a change reaches: at which level, in which facets, through which roles.

    via: the source through which it comes; None for a target that is asked for by itself.
    stays: its references consume what changed, but none follows it now: it is pinned, or waits
    for an approval. traits: what it is.
    """

    entity_id: int
    level: int
    facets: int
    roles: frozenset[str]
    via: int | None
    stays: bool
    traits: Traits


class Judged(NamedTuple):
    """A target and what was decided about it."""

    arrival: Arrival
    verdict: Verdict


Judge: TypeAlias = Callable[[Arrival], Verdict]
UPDATE = Verdict(action=Action.UPDATE, rule="all-else", reason="fits anything")
PINNED = Verdict(
    action=Action.PINNED, rule="pinned", reason="its references do not follow what changed"
)


def update_all(arrival: Arrival) -> Verdict:
    """Decide that whatever follows the change is updated."""
    return PINNED if arrival.stays else UPDATE
