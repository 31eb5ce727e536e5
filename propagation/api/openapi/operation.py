"""What is said of one method of one route, beside its path and its docstring."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from propagation.api.strict import NoQuery, StrictSerializer

Shape: TypeAlias = Any
"""A TypedDict or a list, union … of them; None: an answer without a body."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of rows of a shape."""

    of: Shape


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one route.

    answers: what it may answer, by status; problems are added by the method (`schema`).
    takes: headers of HEADERS that it heeds. media_types: of the answer, of the body where they are
    not JSON. body: a serializer, or a schema. example: of the body.
    """

    tag: str
    answers: Mapping[int, Shape]
    query: type[StrictSerializer] = NoQuery
    body: type[StrictSerializer] | dict[str, Any] | None = None
    takes: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ("application/json",)
    body_types: tuple[str, ...] = ("application/json",)
    problems: tuple[int, ...] = ()
    example: Mapping[str, Any] | None = field(default=None)


WORK = ("Idempotency-Key", "Prefer")
"""What every POST that may start work takes."""
HEADER_SCHEMAS: Mapping[str, dict[str, Any]] = {
    "Idempotency-Key": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "Prefer": {"type": "string"},
    "If-Match": {"type": "string", "pattern": '^([*]|"[!-~]+")$'},
}
HEADERS: Mapping[str, str] = {
    "Idempotency-Key": "Sent again with this key within a day, the request is answered as it was,"
    " and nothing is done.",
    "Prefer": "`wait=10`: answer when the run is over, after so many seconds at most (30)."
    " `handling=strict`: refuse a change of what moved on instead of merging it.",
    "If-Match": "The ETag that was read: 412 when it is another one by now.",
}
