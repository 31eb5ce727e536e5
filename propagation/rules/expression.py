"""Expressions of rules: checked when they are written, evaluated without any side effect.

Of the language of rule-engine only what takes a bounded time and cannot fail: names, texts,
numbers, lists, comparisons, `in`, `and`, `or`, `not`. Functions, attributes, comprehensions,
regular expressions and arithmetic are refused.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from propagation.rules.rule import ChangeFacts, TargetFacts

if TYPE_CHECKING:
    from rule_engine import Rule

NAMES: dict[str, type] = {
    "source_types": tuple,
    "fields": tuple,
    "impact": str,
    "target_code": str,
    "target_kind": str,
    "target_type": str,
    "target_statuses": tuple,
    "roles": tuple,
    "facets": tuple,
}
"""What an expression may speak of: a text, or many."""
LONGEST = 1000
_WORDS = {"and", "or", "not", "in", "true", "false", "null"}
_TOKEN = re.compile(
    r"""\s+|(?P<text>"[^"\\\n]*"|'[^'\\\n]*')|(?P<number>[0-9]{1,9}\b)|(?P<word>[A-Za-z_]\w*)"""
    r"""|==|!=|<=|>=|<|>|[()\[\],]""",
    re.ASCII,
)


class BrokenExpressionError(Exception):
    """The expression cannot be evaluated."""


@lru_cache(maxsize=500)
def compile_expression(text: str) -> "Rule":
    """Return the expression ready to be evaluated; BrokenExpressionError with the reason."""
    if len(text) > LONGEST:
        msg = f"An expression has at most {LONGEST} characters."
        raise BrokenExpressionError(msg)
    for word in _list_words(text):
        if word not in _WORDS and word not in NAMES:
            msg = f"There is no {word!r}; known are {', '.join(NAMES)}."
            raise BrokenExpressionError(msg)
    from propagation.rules import engine  # noqa: PLC0415 (slow to import)

    try:
        return engine.read(text, NAMES)
    except engine.FAULTS as error:
        said = str(getattr(error, "message", "") or error) or "It cannot be read."
        raise BrokenExpressionError(said) from error


def fits(text: str, *, change: ChangeFacts, target: TargetFacts) -> bool:
    """Tell whether the expression holds of the target; one that cannot be evaluated does not."""
    compiled = compile_expression(text)
    from propagation.rules import engine  # noqa: PLC0415 (slow to import)

    try:
        return bool(compiled.matches(_make_names(change, target)))
    except engine.FAULTS:
        return False


def _list_words(text: str) -> Iterator[str]:
    """Yield the names and keywords; BrokenExpressionError for what is no part of the language."""
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            msg = (
                f"{text[position : position + 10]!r} is not taken; an expression has names, texts, "
                "numbers, lists, comparisons, in, and, or, not."
            )
            raise BrokenExpressionError(msg)
        if found["word"]:
            yield found["word"]
        position = found.end()


def _make_names(change: ChangeFacts, target: TargetFacts) -> dict[str, Any]:
    return {
        "source_types": tuple(sorted(change.source_types)),
        "fields": tuple(sorted(change.fields)),
        "impact": change.impact,
        "target_code": target.code,
        "target_kind": target.kind,
        "target_type": target.type,
        "target_statuses": tuple(sorted(target.statuses)),
        "roles": tuple(sorted(target.roles)),
        "facets": tuple(sorted(target.facets)),
    }
