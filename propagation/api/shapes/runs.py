"""Changes, plans, runs, holds and conflicts."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from propagation.api.shapes.common import (
    Code,
    Count,
    FacetName,
    FieldChange,
    Impact,
    JsonObject,
    LaneName,
    Moment,
    Progress,
    RunStatus,
    Started,
    VersionId,
)
from propagation.api.shapes.entities import Comparison, Version
from propagation.api.shapes.says import Says

Severity = Literal["low", "medium", "high"]
Verdict = Literal["update", "hold", "ignore", "pinned"]


class ConflictField(TypedDict):
    """One field of an edit that met another one; `absent` names the sides that do not have it."""

    field: str
    kind: str
    base: Any
    theirs: Any
    yours: Any
    absent: NotRequired[list[Literal["base", "theirs", "yours"]]]
    choice: NotRequired[JsonObject]


class Finding(TypedDict):
    """What an edit met."""

    type: Annotated[str, Says(example="simultaneous_edit")]
    severity: Severity
    description: str
    affected_users: list[str]
    resolution_options: list[str]
    settled_by: NotRequired[str | None]
    fields: list[ConflictField]


class Conflicted(TypedDict):
    """An edit that a person has to decide about; it is kept."""

    status: Literal["conflict"]
    requires_intervention: bool
    conflict_id: int
    conflicts: list[Finding]
    resolve_url: str
    conflict_url: str


class Conflict(TypedDict):
    """An edit that met another one, and what became of it."""

    id: int
    project_id: Code
    asset_id: Code
    subject: str
    cause: str
    status: Literal["open", "merged", "resolved", "dismissed", "expired"]
    type: str
    severity: Severity
    description: str
    affected_users: list[str]
    resolution_options: list[str]
    fields: list[ConflictField]
    author: str | None
    base_version: VersionId | None
    their_version: VersionId | None
    edit: JsonObject
    left: Annotated[int, Says(minimum=0, description="Fields still to be decided about.")]
    detail: JsonObject
    opened_at: Moment
    closed_at: Moment | None
    closed_by: str | None
    reason: str
    version: VersionId | None
    run_id: int | None


class Resolved(Started):
    """A conflict that was decided, and the run of what was written."""

    version: VersionId | None
    conflict: Conflict


class StillOpen(TypedDict):
    """A conflict of which something is left to choose."""

    status: Literal["open"]
    conflict: Conflict


class Accepted(Started):
    """A change that was written, and its run."""

    version: VersionId
    conflicts: NotRequired[list[Finding]]


class RolledBack(Accepted):
    """An entity that was taken back."""

    success: bool
    new_current_version: VersionId
    moved_on: Count


class Relinked(Started):
    """A reference that was changed."""

    source: Code
    target: Code
    role: str


class RuleCount(TypedDict):
    """How many targets a rule decided about."""

    rule: str
    count: Count


class Phase(TypedDict):
    """How many targets go through a lane."""

    type: LaneName
    count: Count


class ShotCount(TypedDict):
    """How many shots of a sequence are reached."""

    id: Code
    shots: Count


class Editor(TypedDict):
    """A target that somebody is editing."""

    id: Code
    user: str
    fields: list[str]


class Estimate(TypedDict):
    """Seconds, from how long runs took before."""

    p50_s: float
    p90_s: float
    sample: Count


class Cost(TypedDict):
    """What a change would cost."""

    affected_shots: Count
    affected_sequences: Count
    estimated_processing_time: Estimate | None
    estimate: Literal["measured", "no estimate yet"]
    memory_impact: Annotated[int, Says(minimum=0, description="Bytes.")]
    can_be_batch_processed: bool


class Verdicts(TypedDict):
    """How many targets are decided about how."""

    update: Count
    hold: Count
    ignore: Count
    pinned: Count


class PlanItem(TypedDict):
    """What would become of one target, by which rule, and by which path it is reached."""

    id: Code
    type: str
    verdict: Verdict
    rule: str
    reason: str
    lane: LaneName | None
    facets: list[FacetName]
    path: list[Code]
    level: NotRequired[Count]


class Planned(TypedDict):
    """What a change would do."""

    dry_run: bool
    impact_level: Impact
    affected_entities: Count
    updates: Count
    verdicts: Verdicts
    impact: Cost
    sequences: list[ShotCount]
    phases: list[Phase]
    held: list[RuleCount]
    skipped: list[RuleCount]
    pinned: list[RuleCount]
    under_edit: list[Editor]
    plan_token: NotRequired[str | None]
    items_url: NotRequired[str]
    items: NotRequired[list[PlanItem]]


class Preview(Planned):
    """What a change of one entity would do; with `plan_token` that can be had as it was shown."""

    asset_id: Code
    base_version: VersionId
    fields: list[FieldChange]
    change_type: list[FacetName]
    conflicts: list[Finding]


class MovedOn(TypedDict):
    """An entity that somebody changed since."""

    id: Code
    version: VersionId
    author: str | None
    at: NotRequired[Moment]


class RollbackPreview(Preview):
    """What a roll back would do."""

    versions_between: list[Version]
    moved_on: Count
    moved_on_entities: list[MovedOn]


class FieldOfEntity(FieldChange):
    """A field of one of several entities."""

    id: Code


class Undone(TypedDict):
    """What an undo takes back, and what it leaves because it was changed since."""

    undo_of: int
    returned: Count
    returned_entities: list[Code]
    kept: Count
    kept_entities: list[MovedOn]


class UndoPreview(Undone, Planned):
    """What an undo would do."""

    fields: list[FieldOfEntity]


class UndoStarted(Undone, Started):
    """An undo, and its run."""


class Simulated(Planned):
    """What the rules decide about a change, or would decide now about that of a past run."""

    project_id: Code
    run_id: NotRequired[int]
    asset_id: NotRequired[Code]
    base_version: NotRequired[VersionId]
    fields: NotRequired[list[FieldChange]]
    change_type: NotRequired[list[FacetName]]
    conflicts: NotRequired[list[Finding]]


class Plan(Planned):
    """A dry run that is kept for a day."""

    project_id: Code
    created_at: Moment
    title: NotRequired[str]
    verb: NotRequired[str]
    remarks: NotRequired[list[str]]
    asked: NotRequired[Any]
    asset_id: NotRequired[Code]
    base_version: NotRequired[VersionId]
    fields: NotRequired[list[Any]]
    change_type: NotRequired[list[FacetName]]
    conflicts: NotRequired[list[Finding]]
    versions_between: NotRequired[list[Version]]
    moved_on: NotRequired[Count]
    moved_on_entities: NotRequired[list[MovedOn]]
    undo_of: NotRequired[int]
    returned: NotRequired[Count]
    returned_entities: NotRequired[list[Code]]
    kept: NotRequired[Count]
    kept_entities: NotRequired[list[MovedOn]]


class Rejection(TypedDict):
    """Why a change of a batch was refused."""

    code: str
    detail: str
    pointer: str


class BatchResult(TypedDict):
    """What became of one change of a batch."""

    index: Count
    asset_id: str
    status: Literal["accepted", "unchanged", "rejected", "conflict"]
    run_id: NotRequired[int | None]
    version: NotRequired[VersionId | None]
    problem: NotRequired[Rejection]
    conflict_id: NotRequired[int]
    conflicts: NotRequired[list[Finding]]
    resolve_url: NotRequired[str]


class BatchPreview(TypedDict):
    """What a batch would do."""

    dry_run: bool
    results: list[BatchResult]
    run_ids: list[int]
    merged_targets: Count


class BatchStarted(BatchPreview):
    """A batch, and its runs: one per project."""

    status: RunStatus
    queued: NotRequired[Literal["delayed"]]


class BatchConflicted(TypedDict):
    """A batch of which nothing was written, because of edits that met others; they are kept."""

    status: Literal["conflict"]
    requires_intervention: bool
    results: list[BatchResult]


class RunCounts(TypedDict):
    """How many targets ended how."""

    applied: Count
    unchanged: Count
    failed: Count
    skipped: Count
    held: Count


class RunLane(TypedDict):
    """How far a run is in one lane; rate: targets per second lately."""

    total: Count
    done: Count
    failed: Count
    skipped: Count
    running: Count
    queued: Count
    rate: float | None


class Run(TypedDict):
    """One propagation; `links` say what can be done with it now."""

    id: int
    project_id: Code
    kind: str
    status: RunStatus
    mode: str
    asset_id: Code | None
    version: VersionId | None
    progress: Progress
    processed: Count
    total: Count
    eta: Moment | None
    counts: RunCounts
    lanes: dict[str, RunLane]
    note: str
    attempts: Annotated[int, Says(minimum=1)]
    batch_sizes: dict[str, Count]
    superseded_by: int | None
    undo_of: int | None
    created_at: Moment
    finished_at: Moment | None
    links: dict[str, str]
    queued: NotRequired[Literal["delayed"]]


class RunRow(TypedDict):
    """A run, as lists show it."""

    id: int
    kind: str
    status: RunStatus
    total: Count
    note: str
    created_at: Moment
    finished_at: Moment | None


class Item(TypedDict):
    """One target of a run."""

    id: Code
    type: str
    state: Annotated[str, Says(example="applied")]
    lane: LaneName | None
    rule: str
    reason: str
    level: Count
    version: VersionId | None
    error: str


class ItemWhole(Item):
    """One target, with what it was before and after."""

    changes: Comparison | None


class Skipped(TypedDict):
    """How many targets a run leaves out, and how many were begun already."""

    skipped: Count
    too_late: Count


class ActiveRun(TypedDict):
    """A run that is under way."""

    id: int
    status: RunStatus
    progress: Progress
    processed: Count
    total: Count


class LaneDepth(TypedDict):
    """What waits in a lane."""

    queued: Count


class PropagationStatus(TypedDict):
    """How a project stands."""

    project_id: Code
    state: Literal["idle", "running"]
    active_runs: list[ActiveRun]
    lanes: dict[str, LaneDepth]
    out_of_date: Count
    pinned: Count
    held: Count
    failed: Count
    conflicts: Count
    outdated_media: Count
    graph_revision: Count
    seq: Count


class Hold(TypedDict):
    """A target that a rule kept back for a person."""

    id: int
    asset_id: Code
    type: str
    run_id: int
    rule: str
    reason: str
    since: Moment


class Decided(TypedDict):
    """How many holds were decided about, and the run of what goes on."""

    decided: Count
    run_id: int | None
    affected_entities: Count
    queued: NotRequired[Literal["delayed"]]


class Rule(TypedDict):
    """What becomes of a target to which all conditions apply; an empty one always does."""

    name: str
    position: int
    is_enabled: bool
    action: Literal["update", "hold", "ignore"]
    lane: str
    source_types: list[str]
    target_types: list[str]
    roles: list[str]
    facets: list[str]
    fields: list[str]
    impacts: list[str]
    target_statuses: list[str]
    expression: str


class BuiltInRule(TypedDict):
    """A rule behind those of the project."""

    name: str
    action: Literal["update", "hold", "ignore"]
    source_types: list[str]
    target_types: list[str]
    roles: list[str]
    facets: list[str]
    fields: list[str]
    impacts: list[str]
    target_statuses: list[str]


class Rules(TypedDict):
    """The rules of a project in their order, and those behind them."""

    data: list[Rule]
    built_in: list[BuiltInRule]


class Job(TypedDict):
    """What a handler gave to somebody outside."""

    token: str
    asset_id: Code
    run_id: int
    payload: Any
    created_at: Moment
    due_at: Moment | None
    complete_url: str


class JobDone(TypedDict):
    """What became of the target of a job."""

    asset_id: Code
    run_id: int
    state: str
    version: VersionId | None
