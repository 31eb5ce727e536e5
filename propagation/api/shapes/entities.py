"""Projects, entities and versions."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from propagation.api.shapes.common import (
    Code,
    Count,
    FieldChange,
    JsonObject,
    Moment,
    Started,
    VersionId,
)
from propagation.api.shapes.says import Says

Kind = Literal["asset", "shot", "sequence", "project"]
Priority = Literal["low", "normal", "high", "critical"]
Status = Literal["draft", "review", "approved", "rejected"]
MediaType = Literal["image", "video", "audio", "text", "model"]
Origin = Annotated[str, Says(description="How the version came about.", example="authored")]


class Settings(TypedDict):
    """How a project deals with edits that meet."""

    strictness: Literal["field", "strict", "relaxed"]
    strict_writes: bool
    leases_lock: bool


class Project(TypedDict):
    """One production."""

    id: Code
    name: str
    details: JsonObject
    settings: Settings
    graph_revision: Count
    created_at: Moment


class Entity(TypedDict):
    """An asset, shot or sequence, as lists show it."""

    id: Code
    kind: Kind
    type: Annotated[str, Says(example="character")]
    name: str
    priority: Priority
    is_locked: bool


class EntityRow(Entity):
    """An entity of a list; with `expand` what was asked for."""

    state: NotRequired[Literal["current", "outdated", "pinned"]]
    best_version: NotRequired["Version"]


class EntityNow(Entity):
    """An entity with the content of its best version."""

    project_id: Code
    best: VersionId
    latest: VersionId
    latest_approved: VersionId | None
    content: JsonObject


class Use(TypedDict):
    """What a version was made from."""

    id: Code
    role: str
    label: str
    position: Count
    attributes: JsonObject
    version: VersionId
    content: NotRequired[Any]


class EntityThen(TypedDict):
    """An entity as it was at a time."""

    id: Code
    kind: Kind
    type: str
    at: Moment
    version: VersionId
    content: JsonObject
    uses: list[Use]
    media: dict[str, VersionId]
    project_id: NotRequired[Code]


class Lock(TypedDict):
    """Whether people may change an entity."""

    id: Code
    is_locked: bool


class Slot(TypedDict):
    """Where a slot of an entity stands."""

    best: VersionId
    latest: VersionId
    latest_approved: VersionId | None
    is_outdated: bool
    url: str | None


class Slots(TypedDict):
    """The slots of an entity by name."""

    id: Code
    slots: dict[str, Slot]


class Upload(TypedDict):
    """A file in the storage."""

    key: str
    name: str
    content_type: str
    size: Count
    sha256: str


class Uploaded(TypedDict):
    """A file that was stored just now; its key goes into `file` of a version."""

    file: str
    name: str
    content_type: str
    size: Count
    sha256: str
    url: str


class Version(TypedDict):
    """What was published, as it stays for ever."""

    id: VersionId
    slot: str
    number: Annotated[int, Says(minimum=1)]
    origin: Origin
    author: str | None
    run_id: int | None
    note: str
    checksum: str
    created_at: Moment


class VersionNow(Version):
    """A version and how it stands now; of media also what it is made of."""

    status: Status
    is_hidden: bool
    metadata: JsonObject
    is_best: bool
    is_latest: bool
    is_latest_approved: bool
    used_by: NotRequired[Count]
    merges: NotRequired[VersionId | None]
    reverts: NotRequired[VersionId | None]
    reverted_by: NotRequired[VersionId | None]
    type: NotRequired[MediaType]
    url: NotRequired[str | None]
    thumbnail_url: NotRequired[str | None]
    provenance: NotRequired[JsonObject]
    file: NotRequired[Upload]
    made_from: NotRequired[VersionId | None]
    is_outdated: NotRequired[bool]


class VersionWhole(VersionNow):
    """A version with its content and what it was made from."""

    content: NotRequired[Any]
    uses: NotRequired[list[Use]]
    started_run_id: NotRequired[int]


class NewMedia(TypedDict):
    """A version of media that was created."""

    asset_id: Code
    project_id: Code
    slot: str
    id: VersionId
    number: int
    is_best: bool
    type: MediaType
    url: str | None
    thumbnail_url: str | None
    provenance: JsonObject
    file: NotRequired[Upload]


class CreatedVersions(TypedDict):
    """The versions that were created."""

    versions: list[NewMedia]


class NewMediaOfEntry(NewMedia):
    """A version, and by which entry it was created."""

    index: Count


class EntryError(TypedDict):
    """Why an entry was not carried out."""

    index: Count
    code: str
    detail: str
    pointer: str


class CreatedBatch(TypedDict):
    """What entries created, and the errors of those that could not be carried out."""

    versions: list[NewMediaOfEntry]
    errors: list[EntryError]


class MovedUse(TypedDict):
    """A use that two versions have in different ways."""

    id: Code
    role: str
    label: str
    before: VersionId
    after: VersionId
    fields: list[FieldChange]


class ComparedUses(TypedDict):
    """What two versions use differently."""

    added: list[Use]
    removed: list[Use]
    moved: list[MovedUse]


class Comparison(TypedDict):
    """What differs between two versions of one slot."""

    before: VersionId
    after: VersionId
    fields: list[FieldChange]
    uses: ComparedUses
    media: NotRequired[JsonObject]


class LookedUp(TypedDict):
    """What was found, by entity and slot: a version, only its URL, or null for nothing."""

    project_id: Code
    data: dict[str, dict[str, Any]]


class OutdatedMedia(TypedDict):
    """Media that show another definition than the best one."""

    asset_id: Code
    slot: str
    version: VersionId
    made_from: VersionId | None
    definition: VersionId


class Pin(TypedDict):
    """A reference that stays at one version of its source."""

    source: Code
    role: str
    label: str
    version: VersionId
    owner: str | None
    reason: str
    follows_again: str
    pinned_at: Moment
    expires_at: Moment | None


class Node(TypedDict):
    """An entity in the graph, and how it stands."""

    id: Code
    type: str
    depth: Count
    state: Literal["current", "outdated", "pinned"]


class Dependencies(TypedDict):
    """Whom a change reaches, or what an entity is made from."""

    asset_id: Code
    project_id: Code
    depth: int | None
    direction: Literal["downstream", "upstream"]
    dependencies: list[Code]
    nodes: list[Node]
    edges: list[list[Code]]
    affected_entities: Count
    affected_shots: Count
    affected_sequences: Count
    truncated: bool
    graph_revision: Count


class Reference(TypedDict):
    """A use of a source by a target. consumed: the version that the target was made from."""

    id: int
    source: Code
    target: Code
    role: str
    label: str
    position: int
    attributes: JsonObject
    follow: Literal["best", "latest", "latest_approved", "frozen"]
    facets: list[str]
    consumed: VersionId


class NewEntity(Entity):
    """An entity that was created."""

    version: VersionId


class NewEntities(TypedDict):
    """Entities that were created, in order."""

    data: list[NewEntity]


class ImportReport(TypedDict):
    """What an import did, or would do. kept: entities that the body does not name."""

    project_id: Code
    created: Count
    changed: Count
    kept: Count
    references_added: Count
    references_changed: Count
    references_removed: Count
    ignored: list[str]


class ImportPreview(ImportReport):
    """What an import would do."""

    dry_run: bool


class Imported(ImportReport, Started):
    """What an import did, and its run."""
