"""Rules, the facts that they judge, and what they decide."""

from dataclasses import dataclass, field, fields
from enum import StrEnum


class Action(StrEnum):
    """What becomes of a target.

    hold: it waits for a person, and what lies behind it waits with it. ignore: it stays as it is.
    pinned: it does not follow what changed; no rule decides that, but its references.
    """

    UPDATE = "update"
    HOLD = "hold"
    IGNORE = "ignore"
    PINNED = "pinned"


class TargetStatus(StrEnum):
    """How a target stands; `open` is one that is neither approved nor locked."""

    OPEN = "open"
    APPROVED = "approved"
    LOCKED = "locked"


NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ChangeFacts:
    """What changed: the types of the entities, the fields, and how much it affects."""

    source_types: frozenset[str]
    fields: frozenset[str]
    impact: str


@dataclass(frozen=True, kw_only=True)
class TargetFacts:
    """A target that the change reaches: what it is, through which roles, in which facets."""

    code: str
    kind: str
    type: str
    statuses: frozenset[str]
    roles: frozenset[str]
    facets: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """When a rule fits; an empty set fits anything, of several members one is enough.

    expression: in the language of rule-engine, over the names in `expression.NAMES`.
    """

    source_types: frozenset[str] = NOTHING
    target_types: frozenset[str] = NOTHING
    roles: frozenset[str] = NOTHING
    facets: frozenset[str] = NOTHING
    fields: frozenset[str] = NOTHING
    impacts: frozenset[str] = NOTHING
    target_statuses: frozenset[str] = NOTHING
    expression: str = ""


SETS = tuple(one.name for one in fields(Conditions) if one.name != "expression")
"""The conditions that are sets of words."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule; of a list the first that fits decides. lane: empty for that of the plan."""

    name: str
    action: Action
    conditions: Conditions = field(default_factory=Conditions)
    lane: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was decided about a target, by which rule, and why."""

    action: Action
    rule: str
    reason: str
    lane: str = ""


BUILT_IN = (
    Rule(
        name="locked-targets",
        action=Action.HOLD,
        conditions=Conditions(target_statuses=frozenset({TargetStatus.LOCKED})),
    ),
    Rule(
        name="approved-targets",
        action=Action.HOLD,
        conditions=Conditions(target_statuses=frozenset({TargetStatus.APPROVED})),
    ),
    Rule(name="all-else", action=Action.UPDATE),
)
"""What holds behind the rules of a project. Metadata do not travel because no reference consumes
them by default (`versions.facets`)."""
