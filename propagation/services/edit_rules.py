"""Write the rules of a project; what can never match is refused."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import Project, Role
from assets.services.access import check_role
from assets.services.history import credit
from assets.services.locking import lock_project
from propagation.exceptions import InvalidRuleError, RuleNotFoundError
from propagation.execution.judging import read_rule
from propagation.live.events import News, record_events
from propagation.models import PropagationRule, RuleAction
from propagation.planning.impact import Impact
from propagation.rules import validate
from propagation.rules.rule import BUILT_IN, SETS, Rule, TargetStatus
from propagation.rules.validate import NAME_PATTERN
from versions.models import FacetName

LONGEST_WORD = 255
KNOWN_WORDS: Mapping[str, frozenset[str]] = {
    "facets": frozenset(FacetName.values),
    "impacts": frozenset(one.value for one in Impact),
    "target_statuses": frozenset(one.value for one in TargetStatus),
}
"""The words that a list of a rule may hold; one that is not named here holds any."""
RESERVED = frozenset({"released", "excluded", "mark", "manual", *(rule.name for rule in BUILT_IN)})


@transaction.atomic
def save_rule(
    *, project: Project, name: str, values: Mapping[str, Any], actor: User | None, at: datetime
) -> PropagationRule:
    """Create the rule of that name, or change what is named of it; return it.

    InvalidRuleError for one that cannot be evaluated, or that can never match; also when it would
    keep one behind it from ever matching. RoleTooLowError.
    """
    check_role(actor=actor, project_id=project.pk, needed=Role.SUPERVISOR)
    lock_project(project_id=project.pk)  # two editors must not shadow each other's rule
    row = PropagationRule.objects.filter(project=project, name=name).first()
    row = row or PropagationRule(project=project, name=name)
    for field, value in values.items():
        setattr(row, field, value)
    check_rules(row=row)
    credit(row, actor)
    row.save()
    _tell(row, "saved", at)
    return row


@transaction.atomic
def delete_rule(*, project: Project, name: str, actor: User | None, at: datetime) -> None:
    """Delete the rule of that name; RuleNotFoundError, RoleTooLowError."""
    check_role(actor=actor, project_id=project.pk, needed=Role.SUPERVISOR)
    lock_project(project_id=project.pk)
    row = find_rule(project=project, name=name)
    credit(row, actor)
    row.delete()
    _tell(row, "deleted", at)


def _tell(row: PropagationRule, change: str, at: datetime) -> None:
    news = News(type="rule_changed", payload={"rule": row.name, "change": change})
    record_events(project_id=row.project_id, news=[news], at=at)


def find_rule(*, project: Project, name: str) -> PropagationRule:
    """Return the rule of that name; RuleNotFoundError."""
    row: PropagationRule | None = PropagationRule.objects.filter(project=project, name=name).first()
    if row is None:
        raise RuleNotFoundError(f"{project.code} has no rule {name!r}.")
    return row


def check_rules(*, row: PropagationRule) -> None:
    """Check a rule, stored or not, among the others in their order; InvalidRuleError.

    Also those behind it: it must not keep one of them from ever matching.
    """
    _check_words(row)
    rules = rank_rules(row=row)
    try:
        validate.check_rule(read_rule(row), before=[])
        for index, rule in enumerate(rules):
            validate.check_rule(rule, before=rules[:index])
    except validate.InvalidRuleError as error:
        raise InvalidRuleError(error.pointer, str(error)) from error


def rank_rules(*, row: PropagationRule) -> list[Rule]:
    """Return the rules of the project in their order as they were with this one; one statement."""
    others = PropagationRule.objects.filter(project=row.project, is_enabled=True)
    ranked = [*others.exclude(pk=row.pk), *([row] if row.is_enabled else [])]
    ranked.sort(key=lambda one: (one.position, one.pk or math.inf))  # a new one comes last
    return [read_rule(one) for one in ranked]


def _check_words(row: PropagationRule) -> None:
    """Raise InvalidRuleError for a name that is none or taken, and for words that are unknown."""
    if not re.fullmatch(NAME_PATTERN, row.name) or row.name in RESERVED:
        detail = "A name is a word of small letters, digits and hyphens that no built-in rule has."
        raise InvalidRuleError("/name", detail)
    if row.action not in RuleAction.values:
        raise InvalidRuleError("/action", f"An action is one of {', '.join(RuleAction.values)}.")
    for name in SETS:
        known = KNOWN_WORDS.get(name, frozenset())
        words = getattr(row, name)
        if not isinstance(words, list) or not all(
            isinstance(word, str) and 0 < len(word) <= LONGEST_WORD for word in words
        ):
            raise InvalidRuleError(f"/{name}", "This is a list of words.")
        unknown = sorted(set(words) - known) if known else []
        if unknown:
            detail = f"{unknown[0]!r} is not known; known are {', '.join(sorted(known))}."
            raise InvalidRuleError(f"/{name}", detail)
