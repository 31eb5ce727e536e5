"""What a handler is given and what it answers; knows no database.

A handler is a function that the setting HANDLERS names by a dotted path, for a kind or a type of
entities: `{"shot": "propagation.handlers.prompt.rebuild_prompt"}`. Without one a target keeps its
content and records its new inputs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

JsonObject: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class UsedContent:
    """What a target uses, as it will consume it: in which role, and its content then."""

    code: str
    type: str
    role: str
    label: str
    content: JsonObject


@dataclass(frozen=True, kw_only=True)
class Material:
    """A target to rebuild: its content, and all that it uses in the order of role and place."""

    code: str
    type: str
    content: JsonObject
    uses: Sequence[UsedContent]


@dataclass(frozen=True, kw_only=True)
class Job:
    """Work for somebody outside: the item waits until its result is called back, or time is up.

    payload: what the worker outside needs to know. limit_s: seconds until the item fails.
    """

    payload: JsonObject = field(default_factory=dict)
    limit_s: float = 3600.0


Result: TypeAlias = JsonObject | Job
"""The target's whole new content (its present one for none), or a job that will make it."""
Handler: TypeAlias = Callable[[Material], Result]
"""Must answer the same for the same material: a batch may be tried again. An exception fails the
item, with its text, and no other."""
