"""Webhooks by the API: made, changed, rotated, tested and replayed by a project's admins."""

import json
import logging
import re
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from propagation.models import (
    DeliveryState,
    IdempotencyKey,
    Webhook,
    WebhookDelivery,
)
from propagation.webhooks.catalogue import MessageType
from propagation.webhooks.sending import Answer
from propagation.webhooks.signing import read_secret
from propagation.webhooks.store import claim_deliveries, record_answer
from tests.client import APIClient
from tests.propagation.api.asking import (
    list_pointers,
    nothing_written,
    post,
    read_problem,
    send,
)

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.com/in"


def create(client: APIClient, **values: object) -> dict[str, Any]:
    """Create a webhook, and return the answer."""
    answer = post(client, "projects/film/webhooks", {"url": URL, **values})
    assert answer.status_code == 201, answer.content
    created: dict[str, Any] = answer.json()
    return created


def get(client: APIClient, path: str) -> Any:  # noqa: ANN401 (any JSON value)
    """Return what a GET answers."""
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def patch(client: APIClient, webhook: dict[str, Any], **values: object) -> dict[str, Any]:
    """Change a webhook, and return the answer."""
    answer = send(client, "PATCH", f"webhooks/{webhook['id']}", json.dumps(values))
    assert answer.status_code == 200, answer.content
    changed: dict[str, Any] = answer.json()
    return changed


def send_out(delivery: str, answer: Answer) -> None:
    """Do what the courier would do, with this answer."""
    at = timezone.now()
    pk = WebhookDelivery.objects.get(message_id=delivery).pk
    (claim,) = claim_deliveries(pks=[pk], at=at)
    record_answer(claim=claim, answer=answer, at=at)


def test_a_webhook_is_made_read_changed_and_deleted(as_admin: APIClient) -> None:
    answer = post(as_admin, "projects/film/webhooks", {"url": URL, "types": ["edge.changed"]})
    created = answer.json()
    path = answer["Location"].removeprefix("/api/v1/")
    assert (answer.status_code, path) == (201, f"webhooks/{created['id']}")
    assert len(read_secret(created.pop("secret"))) == 32
    assert (created["created_by"], created["is_enabled"]) == ("admin", True)
    assert get(as_admin, path) == created
    assert get(as_admin, "projects/film/webhooks")["data"] == [created]
    changed = patch(as_admin, created, types=["rule.changed", "edge.changed"], description="Bot")
    assert changed["types"] == ["edge.changed", "rule.changed"]
    assert (changed["url"], changed["description"]) == (URL, "Bot")
    assert send(as_admin, "DELETE", path).status_code == 204
    read_problem(as_admin.get(f"/api/v1/{path}"), 404, "not-found")
    history = Webhook.history.order_by("history_id")
    assert list(history.values_list("history_type", "history_user__username")) == [
        ("+", "admin"),
        ("~", "admin"),
        ("-", "admin"),
    ]


def test_a_secret_is_shown_once_and_kept_nowhere_else(
    as_admin: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    created = create(as_admin)
    path = f"webhooks/{created['id']}"
    rotated = post(as_admin, f"{path}/rotate", {}, HTTP_IDEMPOTENCY_KEY="k").json()
    test = post(as_admin, f"{path}/test", {}, HTTP_IDEMPOTENCY_KEY="k").json()
    send_out(test["id"], Answer(status=200))
    assert created["secret"] != rotated["secret"]
    seen = json.dumps(
        [
            get(as_admin, "projects/film/webhooks"),
            get(as_admin, path),
            patch(as_admin, created, description="x"),
            get(as_admin, f"{path}/deliveries"),
            get(as_admin, f"{path}/deliveries/{test['id']}"),
            list(IdempotencyKey.objects.values_list("answer", flat=True)),
        ]
    )
    columns = {field.name for field in Webhook.history.model._meta.get_fields()}
    assert not re.search("secret", "".join(columns))
    for secret in (created["secret"], rotated["secret"]):
        assert secret.removeprefix("whsec_") not in seen + caplog.text
    assert Webhook.objects.get().secret == rotated["secret"]


def test_the_old_secret_is_valid_for_a_day(as_admin: APIClient) -> None:
    created = create(as_admin)
    assert created["previous_secret_until"] is None
    rotated = post(as_admin, f"webhooks/{created['id']}/rotate", {}).json()
    row = Webhook.objects.get()
    assert (row.previous_secret, row.secret) == (created["secret"], rotated["secret"])
    assert row.previous_until is not None
    assert 86_390 < (row.previous_until - timezone.now()).total_seconds() < 86_410


def test_a_test_is_queued(as_admin: APIClient) -> None:
    path = f"webhooks/{create(as_admin)['id']}"
    answer = post(as_admin, f"{path}/test", {}, HTTP_IDEMPOTENCY_KEY="k")
    queued = answer.json()
    assert (answer.status_code, queued["state"], queued["type"]) == (
        202,
        "pending",
        "webhook.test",
    )
    assert post(as_admin, f"{path}/test", {}, HTTP_IDEMPOTENCY_KEY="k").json() == queued
    assert WebhookDelivery.objects.count() == 1
    shown = get(as_admin, answer["Location"].removeprefix("/api/v1/"))
    assert shown.items() >= queued.items()
    assert shown["log"] == []
    assert json.loads(shown["body"])["data"]["webhook_id"] == queued["webhook_id"]


def test_a_delivery_shows_its_attempts_and_is_replayed_by_its_id(as_admin: APIClient) -> None:
    path = f"webhooks/{create(as_admin)['id']}"
    queued = post(as_admin, f"{path}/test", {}).json()
    send_out(queued["id"], Answer(status=500, error="answered 500", text="oh", duration_ms=7))
    shown = get(as_admin, f"{path}/deliveries/{queued['id']}")
    assert (shown["state"], shown["attempts"], shown["next_at"]) == ("failed", 1, None)
    (attempt,) = shown["log"]
    assert attempt.pop("at")
    assert attempt == {
        "status_code": 500,
        "error": "answered 500",
        "duration_ms": 7,
        "response": "oh",
    }
    again = post(as_admin, f"{path}/deliveries/{queued['id']}/replay", {})
    assert (again.status_code, again.json()["id"]) == (202, queued["id"])
    assert (again.json()["state"], again.json()["attempts"]) == ("pending", 0)
    send_out(queued["id"], Answer(status=204))
    shown = get(as_admin, f"{path}/deliveries/{queued['id']}")
    assert [one["status_code"] for one in shown["log"]] == [204, 500]
    assert (shown["state"], shown["delivered_at"] is not None) == ("delivered", True)


def test_deliveries_are_listed_by_state_and_type_newest_first(as_admin: APIClient) -> None:
    path = f"webhooks/{create(as_admin)['id']}"
    ids = [post(as_admin, f"{path}/test", {}).json()["id"] for _ in range(3)]
    send_out(ids[0], Answer(status=200))
    found = {
        query: [one["id"] for one in get(as_admin, f"{path}/deliveries{query}")["data"]]
        for query in ("", "?state=delivered", "?state=pending&limit=1", "?type=edge.changed")
    }
    assert found == {
        "": ids[::-1],
        "?state=delivered": ids[:1],
        "?state=pending&limit=1": ids[2:],
        "?type=edge.changed": [],
    }
    assert {"state", "type"} == {
        list_pointers(as_admin.get(f"/api/v1/{path}/deliveries?{name}=x").json())[0][1:]
        for name in ("state", "type")
    }


def test_one_that_is_disabled_cancels_what_waits_and_takes_nothing(as_admin: APIClient) -> None:
    created = create(as_admin)
    path = f"webhooks/{created['id']}"
    queued = post(as_admin, f"{path}/test", {}).json()
    disabled = patch(as_admin, created, is_enabled=False)
    assert (disabled["disabled_reason"], disabled["is_enabled"]) == ("Disabled by hand.", False)
    shown = get(as_admin, f"{path}/deliveries/{queued['id']}")
    assert shown["state"] == DeliveryState.CANCELLED
    with nothing_written():
        read_problem(post(as_admin, f"{path}/test", {}), 409, "webhook-disabled")
        replay = post(as_admin, f"{path}/deliveries/{queued['id']}/replay", {})
        read_problem(replay, 409, "webhook-disabled")
    enabled = patch(as_admin, created, is_enabled=True)
    assert (enabled["disabled_at"], enabled["disabled_reason"]) == (None, "")
    assert post(as_admin, f"{path}/deliveries/{queued['id']}/replay", {}).status_code == 202


def test_a_project_has_ten_and_no_more(as_admin: APIClient) -> None:
    for _ in range(settings.MAX_WEBHOOKS):
        create(as_admin)
    with nothing_written():
        answer = post(as_admin, "projects/film/webhooks", {"url": URL})
        problem = read_problem(answer, 422, "limit-exceeded")
    assert (problem["limit"], problem["actual"]) == (10, 11)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": ""}, "/url"),
        ({"url": "http://hooks.example.com/"}, "/url"),
        ({"url": "https://hooks.example.com:22/"}, "/url"),
        ({"url": "https://127.0.0.1/"}, "/url"),
        ({"url": "https://2130706433/"}, "/url"),
        ({"url": "https://[::1]/"}, "/url"),
        ({"url": "https://user:word@hooks.example.com/"}, "/url"),
        ({"url": " https://hooks.example.com/"}, "/url"),
        ({"url": f"{URL}/{'a' * 2000}"}, "/url"),
        ({"url": URL, "types": ["webhook.test"]}, "/types/0"),
        ({"url": URL, "types": ["edge.*"]}, "/types/0"),
        ({"url": URL, "types": "edge.changed"}, "/types"),
        ({"url": URL, "types": [MessageType.EDGE_CHANGED] * 101}, "/types"),
        ({"url": URL, "description": "x" * 201}, "/description"),
        ({"url": URL, "is_enabled": "perhaps"}, "/is_enabled"),
        ({"url": URL, "secret": "whsec_mine"}, "/secret"),
        ({"url": URL, "project_id": "other"}, "/project_id"),
    ],
)
def test_what_is_no_webhook_is_refused(
    as_admin: APIClient, body: dict[str, object], pointer: str
) -> None:
    with nothing_written():
        answer = post(as_admin, "projects/film/webhooks", body)
        assert (answer.status_code, list_pointers(answer.json())) == (422, [pointer])
    if body:
        created = create(as_admin)
        with nothing_written():
            answer = send(as_admin, "PATCH", f"webhooks/{created['id']}", json.dumps(body))
        assert (answer.status_code, list_pointers(answer.json())) == (422, [pointer])


def test_a_change_of_another_state_than_was_read_is_refused(as_admin: APIClient) -> None:
    created = create(as_admin)
    path = f"webhooks/{created['id']}"
    etag = as_admin.get(f"/api/v1/{path}")["ETag"]
    changed = send(as_admin, "PATCH", path, '{"description": "a"}', HTTP_IF_MATCH=etag)
    assert changed.status_code == 200
    with nothing_written():
        for method, body in (("PATCH", '{"description": "b"}'), ("DELETE", "")):
            stale = send(as_admin, method, path, body, HTTP_IF_MATCH=etag)
            read_problem(stale, 412, "version-conflict")
    fresh = as_admin.get(f"/api/v1/{path}")["ETag"]
    assert send(as_admin, "DELETE", path, HTTP_IF_MATCH=fresh).status_code == 204


@pytest.mark.parametrize("message", ["msg_none", "x" * 64])
def test_a_delivery_of_another_webhook_is_none_of_this_one(
    as_admin: APIClient, message: str
) -> None:
    one, other = create(as_admin), create(as_admin)
    queued = post(as_admin, f"webhooks/{one['id']}/test", {}).json()
    for found in (queued["id"], message):
        path = f"webhooks/{other['id']}/deliveries/{found}"
        with nothing_written():
            read_problem(as_admin.get(f"/api/v1/{path}"), 404, "not-found")
            read_problem(post(as_admin, f"{path}/replay", {}), 404, "not-found")


def test_an_id_beyond_all_ids_is_none(as_admin: APIClient) -> None:
    for path in (f"webhooks/{2**70}", f"webhooks/{2**70}/deliveries"):
        read_problem(as_admin.get(f"/api/v1/{path}"), 404, "not-found")
