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
class Header:
    """A header of a request. pattern: of its values; any text without one."""

    name: str
    description: str
    pattern: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        """What its value has to be."""
        return {"type": "string"} | ({"pattern": self.pattern} if self.pattern else {})


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one route.

    answers: what it may answer, by status; problems are added by the method (`schema`).
    takes: headers that it heeds. media_types: of the answer, of the body where they are
    not JSON. body: a serializer, or a schema. example: of the body.
    """

    tag: str
    answers: Mapping[int, Shape]
    query: type[StrictSerializer] = NoQuery
    body: type[StrictSerializer] | dict[str, Any] | None = None
    takes: tuple[Header, ...] = ()
    media_types: tuple[str, ...] = ("application/json",)
    body_types: tuple[str, ...] = ("application/json",)
    problems: tuple[int, ...] = ()
    example: Mapping[str, Any] | None = field(default=None)


IDEMPOTENCY_KEY = Header(
    name="Idempotency-Key",
    description="Sent again with this key within a day, the request is answered as it was,"
    " and nothing is done.",
    pattern="^[!-~]{1,255}$",
)
PREFER = Header(
    name="Prefer",
    description="`wait=10`: answer when the run is over, after so many seconds at most (30)."
    " `handling=strict`: refuse a change of what moved on instead of merging it.",
)
WORK = (IDEMPOTENCY_KEY, PREFER)
"""What every POST that may start work takes."""


def _match(tag: str) -> Header:
    return Header(
        name="If-Match",
        description="The ETag that was read: 412 when it is another one by now.",
        pattern=f"^([*]|{tag})$",
    )


_NUMBERED = "[!#-~]+_v[1-9][0-9]{0,8}"
_HASH = "(;[0-9a-f]{16})?"
MATCH = _match('(W/)?"[!#-~]+"')
"""If-Match of what is as a GET shows it."""
MATCH_VERSION = _match(f'"{_NUMBERED}(;r[0-9]{{1,9}})?{_HASH}"')
"""If-Match of what is a version of an entity."""
MATCH_REMARKS = _match(f'"{_NUMBERED};r[0-9]{{1,9}}{_HASH}"')
"""If-Match of what was said about a version."""
