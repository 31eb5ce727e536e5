"""Judge a target by rules: the first that fits decides."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from propagation.rules.expression import fits
from propagation.rules.rule import ChangeFacts, Conditions, Rule, TargetFacts, Verdict


def judge(rules: Sequence[Rule], *, change: ChangeFacts, target: TargetFacts) -> Verdict:
    """Return what the first fitting rule decides, with the conditions that made it fit.

    LookupError when none does; the built-in rules end with one that fits anything.
    """
    for rule in rules:
        reasons = _explain(rule.conditions, change, target)
        if reasons is not None:
            return Verdict(
                action=rule.action,
                rule=rule.name,
                reason="; ".join(reasons) or "fits anything",
                lane=rule.lane,
            )
    msg = "no rule fits, not even a built-in one"
    raise LookupError(msg)


def _explain(conditions: Conditions, change: ChangeFacts, target: TargetFacts) -> list[str] | None:
    """Return why the conditions fit, or None when one of them does not."""
    reasons: list[str] = []
    for name, wanted, present in _list_pairs(conditions, change, target):
        if not wanted:
            continue
        met = sorted(wanted & present)
        if not met:
            return None
        reasons.append(f"{name} {', '.join(met)}")
    if conditions.fields:
        met = sorted(
            field
            for field in change.fields
            if any(_covers(pattern, field) for pattern in conditions.fields)
        )
        if not met:
            return None
        reasons.append(f"field {', '.join(met)}")
    if conditions.expression:
        if not fits(conditions.expression, change=change, target=target):
            return None
        reasons.append(conditions.expression)
    return reasons


def _list_pairs(
    conditions: Conditions, change: ChangeFacts, target: TargetFacts
) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    yield "source is a", conditions.source_types, change.source_types
    yield "target is a", conditions.target_types, frozenset({target.type})
    yield "used as", conditions.roles, target.roles
    yield "changed in", conditions.facets, target.facets
    yield "impact is", conditions.impacts, frozenset({change.impact})
    yield "target is", conditions.target_statuses, target.statuses


def _covers(pattern: str, field: str) -> bool:
    """Tell whether a pattern names a field: itself, what it lies in, or by * and ?."""
    return field.startswith(f"{pattern}.") or fnmatchcase(field, pattern)
