"""What is told of which event."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from propagation.webhooks.catalogue import (
    MAX_BODY_BYTES,
    TELLERS,
    Happening,
    MessageType,
    describe_happening,
)

AT = datetime(2026, 11, 20, 10, 45, 10, 123456, tzinfo=UTC)
CONFLICT = {
    "conflict_id": 7,
    "asset_id": "hero",
    "conflict_type": "version_conflict",
    "status": "open",
    "severity": "low",
}
TOLD: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    (
        "version_created",
        {"asset_id": "char 1/x", "number": 6},
        "asset.version.created",
        {
            "asset_id": "char 1/x",
            "number": 6,
            "slot": "definition",
            "url": "/api/v1/assets/film:char%201%2Fx/versions/6",
        },
    ),
    (
        "version_created",
        {"asset_id": "hero", "number": 2, "slot": "poster"},
        "asset.version.created",
        {"slot": "poster", "url": "/api/v1/assets/film:hero/versions/2?slot=poster"},
    ),
    (
        "best_changed",
        {"asset_id": "hero", "slot": "definition", "number": 3},
        "asset.best.changed",
        {"number": 3, "url": "/api/v1/assets/film:hero/versions/3"},
    ),
    *(
        (
            "run_state",
            {"status": status, "kind": "change", "total": 5, "applied": 4, "failed": 1},
            f"propagation.run.{name}",
            {"status": status, "total": 5, "failed": 1, "run_id": 41, "url": "/api/v1/runs/41"},
        )
        for status, name in (
            ("accepted", "started"),
            ("success", "completed"),
            ("partial", "completed"),
            ("failed", "failed"),
            ("cancelled", "cancelled"),
        )
    ),
    (
        "run_items",
        {
            "batch": 1,
            "items": [
                {"id": "a", "state": "failed", "version": None},
                {"id": "b", "state": "applied", "version": "b_v2"},
                {"id": "c", "state": "failed", "version": None},
            ],
        },
        "propagation.item.failed",
        {"failed": 2, "run_id": 41, "url": "/api/v1/runs/41/items?state=failed"},
    ),
    (
        "hold_opened",
        {"count": 11},
        "propagation.item.held",
        {"held": 11, "url": "/api/v1/projects/film/holds?run=41"},
    ),
    ("conflict_opened", CONFLICT, "conflict.opened", {**CONFLICT, "url": "/api/v1/conflicts/7"}),
    (
        "conflict_resolved",
        {**CONFLICT, "status": "dismissed"},
        "conflict.resolved",
        {"status": "dismissed"},
    ),
    (
        "rollback_completed",
        {"asset_id": "hero", "new_current_version": "hero_v5", "version": "hero_v7"},
        "rollback.completed",
        {"new_current_version": "hero_v5", "version": "hero_v7", "url": "/api/v1/runs/41"},
    ),
    (
        "rule_changed",
        {"rule": "keep", "change": "deleted"},
        "rule.changed",
        {"rule": "keep", "change": "deleted", "url": "/api/v1/projects/film/rules"},
    ),
    (
        "edge_changed",
        {"added": 1, "changed": 0, "removed": 2, "targets": ["shot-1", "shot-2"]},
        "edge.changed",
        {
            "added": 1,
            "targets": ["shot-1", "shot-2"],
            "url": "/api/v1/assets/film:shot-1/dependencies?direction=upstream&depth=1",
        },
    ),
    ("edge_changed", {"added": 0}, "edge.changed", {"url": "/api/v1/projects/film"}),
]


def happen(kind: str, payload: dict[str, Any], project: str = "film") -> Happening:
    return Happening(project=project, seq=812, type=kind, run_id=41, payload=payload, at=AT)


@pytest.mark.parametrize(("kind", "payload", "told", "data"), TOLD)
def test_an_event_is_told_thinly(
    kind: str, payload: dict[str, Any], told: str, data: dict[str, Any]
) -> None:
    message = describe_happening(happen(kind, payload))
    assert message is not None
    body = json.loads(message.body)
    assert (message.type, body["type"]) == (told, told)
    assert body["timestamp"] == "2026-11-20T10:45:10.123Z"
    assert body["data"].items() >= data.items()
    assert body["data"].items() >= {"project_id": "film", "seq": 812, "run_id": 41}.items()


def test_all_types_are_told() -> None:
    assert {told for _, _, told, _ in TOLD} == set(MessageType)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("asset_update", {"asset_id": "hero"}),
        ("propagation_progress", {}),
        ("run_state", {"status": "running"}),
        ("run_state", {"status": "paused"}),
        ("run_state", {"status": "cancelling"}),
        ("run_state", {}),
        ("run_items", {"items": [{"id": "a", "state": "applied"}]}),
        ("run_items", {}),
        ("hold_closed", {"count": 1}),
        ("conflict_merged", CONFLICT),
        ("version_annotated", {}),
        ("entity_state", {}),
        ("production_imported", {}),
        ("anything", {}),
    ],
)
def test_what_is_of_this_house_only_is_not_told(kind: str, payload: dict[str, Any]) -> None:
    assert describe_happening(happen(kind, payload)) is None


def test_an_event_of_no_run_tells_of_none() -> None:
    happening = Happening(
        project="film", seq=1, type="hold_opened", run_id=None, payload={"count": 1}, at=AT
    )
    message = describe_happening(happening)
    assert message is not None
    data = json.loads(message.body)["data"]
    assert "run_id" not in data
    assert data["url"] == "/api/v1/projects/film/holds"


@pytest.mark.parametrize("kind", TELLERS)
@pytest.mark.parametrize("letter", ["ä", "\U0001f3ac", "a", "/"])
def test_a_body_is_small_whatever_the_codes(kind: str, letter: str) -> None:
    code = letter * 255
    version = f"{code}_v{2**31}"
    payload = {
        **CONFLICT,
        "asset_id": code,
        "slot": "x" * 64,
        "number": 2**31,
        "count": 2**63,
        "status": "accepted",
        "rule": "r" * 64,
        "new_current_version": version,
        "version": version,
        "targets": [code] * 1000,
        "items": [{"id": code, "state": "failed"}] * 1000,
    }
    message = describe_happening(happen(kind, payload, project=code))
    assert message is not None
    assert len(message.body.encode()) < MAX_BODY_BYTES
    assert json.loads(message.body)["data"]["project_id"] == code
