"""The engine of expressions.

It builds its parser when it is imported, for a third of a second: import it where an expression is
at hand, so that no process pays for it that has none.
"""

from collections.abc import Mapping
from typing import Any

from rule_engine import Context, DataType, Rule, type_resolver_from_dict
from rule_engine.errors import EngineError

FAULTS = (EngineError, RecursionError, ValueError, ArithmeticError)
"""What reading and evaluating an expression can raise."""
_TYPES: Mapping[type, Any] = {str: DataType.STRING, tuple: DataType.ARRAY(DataType.STRING)}


def read(text: str, names: Mapping[str, type]) -> Rule:
    """Return the expression; names: those of texts (str) and of many (tuple). Raises FAULTS."""
    types = {name: _TYPES[type_] for name, type_ in names.items()}
    # One context per expression: it collects the names that the expression speaks of.
    return Rule(text, context=Context(type_resolver=type_resolver_from_dict(types)))
