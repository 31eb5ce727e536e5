"""Try a rule that is not saved on a change that nobody makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from propagation.exceptions import InvalidChangeError
from propagation.execution.cause import Cause
from propagation.models import PropagationRule
from propagation.planning.shown import Row, list_targets
from propagation.rules.rule import BUILT_IN
from propagation.services.edit_rules import rank_rules
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import preview_changes


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """Whom a change reaches by the rules as they are, and as they would be; rows as of a plan."""

    now: Sequence[Row]
    then: Sequence[Row]


def simulate_rule(
    *, row: PropagationRule, change: Change, cause: Cause, at: datetime
) -> Simulation:
    """Return what the change would do without and with the rule; writes nothing.

    InvalidChangeError for an entity of another project, and errors as preview_changes.
    """
    if change.entity.project_id != row.project_id:
        detail = f"{change.entity.qualified_code} is in another project than the rule."
        raise InvalidChangeError("/asset_id", detail)
    tried = [*rank_rules(row=row), *BUILT_IN]
    now, then = (
        preview_changes(changes=[change], cause=cause, at=at, rules=rules)
        for rules in (None, tried)
    )
    return Simulation(
        now=list_targets(now.plan) if now.plan else (),
        then=list_targets(then.plan) if then.plan else (),
    )
