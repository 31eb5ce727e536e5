"""What becomes of an edit that meets another one: one strategy per type; knows no database.

The types are those of STORY-089. A strategy settles what it met, or names the ways that a person
has; who adds a type adds it to STRATEGIES.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias

from versions.merging.merge import Clash


class Way(StrEnum):
    """How a conflict that is open can be resolved."""

    MERGE = "merge"
    MANUAL = "manual_resolution"
    WAIT = "wait"
    PROCEED = "proceed"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a project says of conflicts (assets.models.Strictness).

    is_forced: a supervisor goes on whatever stands in the way.
    """

    strictness: str = "field"
    strict_writes: bool = False
    leases_lock: bool = False
    is_forced: bool = False


@dataclass(frozen=True, kw_only=True)
class Met:
    """What an edit met. cause: in one word. users: names of whose edit it met."""

    cause: str
    description: str
    users: tuple[str, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MetVersion(Met):
    """A version that was published since the one that the edit started from.

    left: fields that do not go together and that nobody has chosen for. clashes: all that do not
    go together. touched: these, and all else that either side changed.
    """

    left: tuple[Clash, ...] = ()
    clashes: tuple[Clash, ...] = ()
    touched: tuple[Clash, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MetEditor(Met):
    """Somebody who is editing the same fields at this moment."""


@dataclass(frozen=True, kw_only=True)
class MetObstacle(Met):
    """Something else that depends on what the edit changes.

    is_passing: it gives way by itself. can_be_forced: a supervisor may decide against it.
    """

    is_passing: bool = False
    can_be_forced: bool = True


@dataclass(frozen=True, kw_only=True)
class Decision:
    """How it goes on. how: what settled it, in a word; empty: a person has to.

    clashes: the fields that they are asked about.
    """

    how: str = ""
    ways: tuple[Way, ...] = ()
    clashes: tuple[Clash, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether nobody has to be asked."""
        return bool(self.how)


def resolve_version(met: MetVersion, policy: Policy) -> Decision:
    """Merge; of what clashes, the last edit counts where the project is relaxed about it."""
    if met.left:
        return Decision(ways=(Way.MERGE, Way.MANUAL), clashes=met.clashes)
    return Decision(how="last_edit" if policy.strictness == "relaxed" and met.clashes else "merged")


def resolve_editor(met: MetEditor, policy: Policy) -> Decision:
    """Go on, since who is editing will be merged with it; wait where the project locks leases."""
    del met
    if policy.leases_lock and not policy.is_forced:
        return Decision(ways=(Way.WAIT, Way.PROCEED, Way.WITHDRAW))
    return Decision(how="forced" if policy.leases_lock else "advised")


def resolve_obstacle(met: MetObstacle, policy: Policy) -> Decision:
    """Go on where it gives way, or where a supervisor says so."""
    if met.is_passing:
        return Decision(how="passed")
    if policy.is_forced and met.can_be_forced:
        return Decision(how="forced")
    proceed = (Way.PROCEED,) if met.can_be_forced else (Way.WAIT,)
    return Decision(ways=(*proceed, Way.WITHDRAW))


Strategy: TypeAlias = Callable[[Any, Policy], Decision]

STRATEGIES: Mapping[type[Met], tuple[str, Strategy]] = MappingProxyType(
    {
        MetEditor: ("simultaneous_edit", resolve_editor),
        MetVersion: ("version_conflict", resolve_version),
        MetObstacle: ("dependency_conflict", resolve_obstacle),
    }
)
"""The type and the strategy of what an edit may meet."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that an edit met, and what was decided about it."""

    type: str
    met: Met
    decision: Decision


def decide(met: Met, policy: Policy) -> Finding:
    """Ask the strategy of what was met."""
    name, strategy = STRATEGIES[type(met)]
    return Finding(type=name, met=met, decision=strategy(met, policy))
