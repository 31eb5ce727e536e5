"""What webhooks tell: which events become which messages, and what those say.

Messages are thin: ids, counts, and the paths below which one reads more. Who reads is asked who
they are, as ever, so that a message that falls into wrong hands gives nothing away.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias
from urllib.parse import quote

API = "/api/v1"
MAX_BODY_BYTES = 20_000
"""Standard Webhooks: 20 kB at most."""
MAX_IDS = 20
"""Ids that a message lists; their number is told as well."""
DEFINITION = "definition"  # versions.models knows it too, but that is not pure

Data: TypeAlias = dict[str, Any]


class MessageType(StrEnum):
    """What one can be told of."""

    VERSION_CREATED = "asset.version.created"
    BEST_CHANGED = "asset.best.changed"
    RUN_STARTED = "propagation.run.started"
    RUN_COMPLETED = "propagation.run.completed"
    RUN_FAILED = "propagation.run.failed"
    RUN_CANCELLED = "propagation.run.cancelled"
    ITEM_FAILED = "propagation.item.failed"
    ITEM_HELD = "propagation.item.held"
    CONFLICT_OPENED = "conflict.opened"
    CONFLICT_RESOLVED = "conflict.resolved"
    ROLLBACK_COMPLETED = "rollback.completed"
    RULE_CHANGED = "rule.changed"
    EDGE_CHANGED = "edge.changed"


TEST_TYPE = "webhook.test"
"""Of a message that somebody asked for; sent to one webhook, whatever it subscribes."""


@dataclass(frozen=True, kw_only=True)
class Happening:
    """An event of a project's log."""

    project: str
    seq: int
    type: str
    run_id: int | None
    payload: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is told of one event. body: JSON, as it is signed."""

    type: str
    body: str


def describe_happening(happening: Happening) -> Message | None:
    """Return what to tell of an event; None for what is of this house only."""
    kind = find_type(happening)
    if kind is None:
        return None
    run_id = happening.run_id
    data = {
        "project_id": happening.project,
        "seq": happening.seq,
        **({} if run_id is None else {"run_id": run_id}),
        **TELLERS[happening.type](happening),
    }
    return Message(type=kind, body=write_body(kind=kind, at=happening.at, data=data))


def find_type(happening: Happening) -> MessageType | None:
    """Return the type of message that an event becomes, if any."""
    payload = happening.payload
    match happening.type:
        case "run_state":
            return RUN_TYPES.get(payload.get("status", ""))
        case "run_items":
            return MessageType.ITEM_FAILED if _count_failed(payload) else None
        case _:
            return TYPES.get(happening.type)


def write_body(*, kind: str, at: datetime, data: Data) -> str:
    """Return the body of a message, ASCII only: a byte per character, whoever counts them."""
    timestamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = json.dumps(
        {"type": str(kind), "timestamp": timestamp, "data": data}, separators=(",", ":")
    )
    lists = [name for name, value in data.items() if isinstance(value, list)]
    if len(body) < MAX_BODY_BYTES or not lists:
        return body
    fewer = {name: value for name, value in data.items() if name not in lists}
    return write_body(kind=kind, at=at, data={**fewer, "is_shortened": True})


TYPES: Mapping[str, MessageType] = {
    "version_created": MessageType.VERSION_CREATED,
    "best_changed": MessageType.BEST_CHANGED,
    "hold_opened": MessageType.ITEM_HELD,
    "conflict_opened": MessageType.CONFLICT_OPENED,
    "conflict_resolved": MessageType.CONFLICT_RESOLVED,
    "rollback_completed": MessageType.ROLLBACK_COMPLETED,
    "rule_changed": MessageType.RULE_CHANGED,
    "edge_changed": MessageType.EDGE_CHANGED,
}
RUN_TYPES: Mapping[str, MessageType] = {
    # Not `running`: a run that is resumed says that again.
    "accepted": MessageType.RUN_STARTED,
    "success": MessageType.RUN_COMPLETED,
    "partial": MessageType.RUN_COMPLETED,
    "failed": MessageType.RUN_FAILED,
    "cancelled": MessageType.RUN_CANCELLED,
}


def _tell_version(happening: Happening) -> Data:
    payload = happening.payload
    slot = payload.get("slot", DEFINITION)
    query = "" if slot == DEFINITION else f"?slot={quote(slot, safe='')}"
    told = _take(payload, "asset_id", "number")
    return {
        **told,
        "slot": slot,
        "url": f"{_locate(happening, payload['asset_id'])}/versions/{payload['number']}{query}",
    }


def _tell_run(happening: Happening) -> Data:
    told = _take(happening.payload, "status", "kind", "total", "applied", "failed")
    return {**told, "url": f"{API}/runs/{happening.run_id}"}


def _tell_failed(happening: Happening) -> Data:
    url = f"{API}/runs/{happening.run_id}/items?state=failed"
    return {"failed": _count_failed(happening.payload), "url": url}


def _tell_held(happening: Happening) -> Data:
    query = "" if happening.run_id is None else f"?run={happening.run_id}"
    url = f"{_locate_project(happening)}/holds{query}"
    return {"held": happening.payload.get("count"), "url": url}


def _tell_conflict(happening: Happening) -> Data:
    payload = happening.payload
    told = _take(payload, "conflict_id", "asset_id", "conflict_type", "status", "severity")
    return {**told, "url": f"{API}/conflicts/{payload['conflict_id']}"}


def _tell_rollback(happening: Happening) -> Data:
    told = _take(happening.payload, "asset_id", "new_current_version", "version")
    return {**told, "url": f"{API}/runs/{happening.run_id}"}


def _tell_rule(happening: Happening) -> Data:
    told = _take(happening.payload, "rule", "change")
    return {**told, "url": f"{_locate_project(happening)}/rules"}


def _tell_edges(happening: Happening) -> Data:
    told = _take(happening.payload, "added", "changed", "removed")
    targets = list(happening.payload.get("targets", []))[:MAX_IDS]
    url = (
        f"{_locate(happening, targets[0])}/dependencies?direction=upstream&depth=1"
        if targets
        else _locate_project(happening)
    )
    return {**told, "targets": targets, "url": url}


TELLERS: Mapping[str, Callable[[Happening], Data]] = {
    "version_created": _tell_version,
    "best_changed": _tell_version,
    "run_state": _tell_run,
    "run_items": _tell_failed,
    "hold_opened": _tell_held,
    "conflict_opened": _tell_conflict,
    "conflict_resolved": _tell_conflict,
    "rollback_completed": _tell_rollback,
    "rule_changed": _tell_rule,
    "edge_changed": _tell_edges,
}


def _count_failed(payload: Mapping[str, Any]) -> int:
    return sum(item.get("state") == "failed" for item in payload.get("items", []))


def _take(payload: Mapping[str, Any], *names: str) -> Data:
    return {name: payload[name] for name in names if name in payload}


def _locate_project(happening: Happening) -> str:
    return f"{API}/projects/{quote(happening.project, safe='')}"


def _locate(happening: Happening, code: str) -> str:
    """Return the path of an entity, by the id that is never ambiguous."""
    return f"{API}/assets/{quote(f'{happening.project}:{code}', safe=':')}"
