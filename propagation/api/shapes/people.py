"""Leases, notifications, subscriptions, webhooks, the log and the trail."""

from typing import Any, Literal, NotRequired, TypedDict

from propagation.api.shapes.common import Code, Count, JsonObject, Moment, VersionId


class Lease(TypedDict):
    """Who is at what."""

    asset_id: Code
    user: str
    mode: Literal["edit", "view"]
    fields: list[str]
    base_version: VersionId | None
    started_at: Moment
    expires_at: Moment


class OwnLease(Lease):
    """One's own lease, with the token to go on with."""

    token: str


class NewLease(OwnLease):
    """A new lease, and who else is at it."""

    others: list[Lease]


class Ticket(TypedDict):
    """What opens a WebSocket once."""

    ticket: str
    url: str
    expires_at: Moment


class Notification(TypedDict):
    """What one is told of a run or a conflict."""

    id: int
    project_id: Code
    run_id: int | None
    conflict_id: int | None
    what: str
    reason: str
    why: str
    asset_id: Code | None
    also: Count
    facts: JsonObject
    is_read: bool
    created_at: Moment
    updated_at: Moment


class Notifications(TypedDict):
    """A page of an inbox, and how much is unread in all."""

    data: list[Notification]
    next: str | None
    total: NotRequired[Count]
    unread: Count


class Marked(TypedDict):
    """How many notifications changed, and how many are unread now."""

    changed: Count
    unread: Count


class Subscription(TypedDict):
    """What one watches or mutes."""

    topic: str
    mode: Literal["watch", "mute", "none"]
    origin: str | None
    created_at: Moment | None


class Me(TypedDict):
    """Who one is, and what one wants to be told."""

    username: str
    email: str
    is_superuser: bool
    roles: dict[str, str]
    mail: Literal["none", "each", "digest"]
    digest_hour: int
    unread: Count


class Webhook(TypedDict):
    """An address outside that is told of events."""

    id: int
    project_id: Code
    url: str
    types: list[str]
    description: str
    is_enabled: bool
    disabled_at: Moment | None
    disabled_reason: str
    previous_secret_until: Moment | None
    created_by: str | None
    created_at: Moment
    updated_at: Moment
    deliveries_url: str


class WebhookSecret(Webhook):
    """A webhook with its secret, which is shown this once."""

    secret: str


class Delivery(TypedDict):
    """One message to a webhook."""

    id: str
    webhook_id: int
    type: str
    seq: int | None
    state: Literal["pending", "delivered", "failed", "cancelled"]
    attempts: Count
    next_at: Moment | None
    created_at: Moment
    delivered_at: Moment | None
    url: str


class Attempt(TypedDict):
    """One time that a message was sent."""

    at: Moment
    status_code: int | None
    error: str
    duration_ms: Count
    response: str


class DeliveryWhole(Delivery):
    """A message with its body, exactly as it is signed, and every attempt."""

    body: str
    log: list[Attempt]


class Activity(TypedDict):
    """What was changed, by whom and why, from what to what."""

    at: Moment
    actor: str | None
    action: str
    asset_id: Code | None
    name: str
    run_id: int | None
    rule: str
    reason: str
    before: JsonObject | None
    after: JsonObject | None


class Event(TypedDict):
    """What happened; further members depend on `type`."""

    v: int
    type: str
    seq: Count
    topic: str
    run_id: int | None
    timestamp: Moment


class Events(TypedDict):
    """Events in order. seq: where to read on; is_last: there is nothing more by now."""

    data: list[dict[str, Any]]
    seq: Count
    is_last: bool


class LaneQueue(TypedDict):
    """A lane: items that wait and that are worked on, seconds, items per second, processes."""

    queued: Count
    running: Count
    oldest_s: float | None
    rate: float
    messages: int | None
    workers: int | None


class LogReader(TypedDict):
    """Events that a reader of the logs has not dealt with, and for how many seconds."""

    behind: Count
    oldest_s: float | None


class Queues(TypedDict):
    """How the queues stand; what only Redis knows is null while it is away."""

    timestamp: Moment
    lanes: dict[str, LaneQueue]
    processes: dict[str, int | None] | None
    readers: dict[str, LogReader]
    failed: Count
    is_reachable: bool


class Member(TypedDict):
    """Somebody who works on a project."""

    username: str
    role: Literal["viewer", "artist", "supervisor", "admin"]


class Token(TypedDict):
    """What lets a program in. projects: the only ones that it reaches; null: all of one's."""

    id: str
    name: str
    scope: Literal["read", "write", "admin"]
    projects: list[Code] | None
    created_at: Moment
    expires_at: Moment | None
    last_used_at: Moment | None


class Tokens(TypedDict):
    """One's tokens, newest first."""

    data: list[Token]


class NewToken(Token):
    """A token with its text, which is shown this once."""

    token: str
