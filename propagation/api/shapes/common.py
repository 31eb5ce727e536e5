"""What many answers have in common."""

from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired, TypeAlias, TypedDict

from propagation.api.shapes.says import Says

Code = Annotated[str, Says(description="An id as people gave it.", example="char-001")]
VersionId = Annotated[
    str, Says(description="Entity, slot and number of a version.", example="char-001_v5")
]
Progress = Annotated[float, Says(minimum=0, maximum=100, description="Per cent.")]
Count = Annotated[int, Says(minimum=0)]
JsonObject: TypeAlias = dict[str, Any]
Impact = Literal["low", "medium", "high", "critical"]
FacetName = Literal["visual", "metadata", "relationship", "media"]
LaneName = Literal["realtime", "batch", "background"]
RunStatus = Literal[
    "accepted", "running", "paused", "cancelling", "success", "partial", "failed", "cancelled"
]


class FieldError(TypedDict):
    """What is wrong with one member of a request."""

    pointer: Annotated[str, Says(description="JSON Pointer (RFC 6901) into the request.")]
    detail: str
    code: str


class PlanDelta(TypedDict):
    """In what a plan would be another one now, by ids."""

    bases: list[Code]
    contents: list[Code]
    added: list[Code]
    removed: list[Code]
    changed: list[Code]


class Problem(TypedDict):
    """An error (RFC 9457). Which further members there are depends on `code`."""

    type: Annotated[str, Says(example="/problems/not-found")]
    title: str
    status: Annotated[int, Says(minimum=400, maximum=599)]
    code: Annotated[str, Says(example="not-found")]
    detail: str
    instance: str
    request_id: str
    hint: NotRequired[str]
    errors: NotRequired[list[Any]]
    cycle: NotRequired[list[Code]]
    candidates: NotRequired[list[str]]
    current_version: NotRequired[VersionId]
    current_revision: NotRequired[int]
    delta: NotRequired[PlanDelta]
    affected_users: NotRequired[list[str]]
    fields: NotRequired[list[str]]
    ids: NotRequired[list[Code]]
    total: NotRequired[int]
    oldest: NotRequired[int]
    newest: NotRequired[int]
    limit: NotRequired[int]
    actual: NotRequired[int]
    results: NotRequired[list[Any]]
    versions: NotRequired[list[Any]]
    requires_intervention: NotRequired[bool]
    conflict_id: NotRequired[int]
    conflicts: NotRequired[list[Any]]
    resolve_url: NotRequired[str]
    conflict_url: NotRequired[str]


class Word(TypedDict):
    """A piece of prose that was kept, added or removed."""

    kind: Literal["kept", "added", "removed"]
    text: str


class FieldChange(TypedDict):
    """One field before and after; prose also word by word."""

    field: Annotated[str, Says(description="Dotted path.", example="look.hair")]
    before: Any
    after: Any
    words: NotRequired[list[Word]]


class Started(TypedDict):
    """The run that a request started; without one there was nothing to do."""

    status: RunStatus
    run_id: int | None
    status_url: str | None
    affected_entities: Count
    queued: NotRequired[Literal["delayed"]]


Moment: TypeAlias = datetime
