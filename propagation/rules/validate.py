"""Refuse rules that can never match, with the reason."""

from collections.abc import Iterable, Sequence

from propagation.interchange.roles import ROLE_RULES
from propagation.rules.expression import BrokenExpressionError, compile_expression
from propagation.rules.rule import SETS, Conditions, Rule

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}\Z"


class InvalidRuleError(Exception):
    """The rule cannot be evaluated, or can never match. pointer: which part of it is wrong."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


def check_rule(rule: Rule, *, before: Sequence[Rule]) -> None:
    """Raise InvalidRuleError unless the rule can decide something; before: those ahead of it."""
    _check_expression(rule.conditions.expression)
    _check_roles(rule.conditions)
    _check_impact(rule.conditions)
    for earlier in before:
        if _covers(earlier.conditions, rule.conditions):
            detail = (
                f"It can never match: {earlier.name!r} stands before it and fits all that it fits."
            )
            raise InvalidRuleError("/position", detail)


def _check_expression(text: str) -> None:
    if not text:
        return
    try:
        compiled = compile_expression(text)
    except BrokenExpressionError as error:
        raise InvalidRuleError("/expression", str(error)) from error
    if not compiled.context.symbols and not compiled.matches({}):
        raise InvalidRuleError("/expression", "It can never match: the expression is always false.")


def _check_roles(conditions: Conditions) -> None:
    """Refuse roles that none of the wanted types can have."""
    if not conditions.roles:
        return
    fitting = {role for role in conditions.roles if _can_lead_to(role, conditions.target_types)}
    if not fitting:
        roles, types = _list(conditions.roles), _list(conditions.target_types)
        detail = f"It can never match: {roles} never leads to {types}."
        raise InvalidRuleError("/roles", detail)


def _can_lead_to(role: str, types: frozenset[str]) -> bool:
    rule = ROLE_RULES.get(role)
    return rule is None or not types or any(_get_kind(one) == rule.target_kind for one in types)


def _check_impact(conditions: Conditions) -> None:
    if conditions.impacts == {"low"} and conditions.target_types == {"shot"}:
        detail = "It can never match: a change of low impact affects no shot."
        raise InvalidRuleError("/impacts", detail)


def _covers(earlier: Conditions, later: Conditions) -> bool:
    """Tell whether whatever the later conditions fit is fitted by the earlier ones."""
    if earlier.expression and earlier.expression != later.expression:
        return False
    for name in SETS:
        wide: frozenset[str] = getattr(earlier, name)
        narrow: frozenset[str] = getattr(later, name)
        if wide and not (narrow and narrow <= wide):
            return False
    return True


def _get_kind(type_: str) -> str:
    return type_ if type_ in ("shot", "sequence", "project") else "asset"


def _list(words: Iterable[str]) -> str:
    return " or ".join(sorted(words))
