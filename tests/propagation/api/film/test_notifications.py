"""One's inbox, what one watches, and how one wants to be told."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from assets.models import Entity, Membership, Role
from propagation.models import Notification, PropagationRun, Subscription
from propagation.notices.making import make_notices
from tests.builders import change, drive, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    count_statements,
    list_pointers,
    nothing_written,
    post,
    read_problem,
    send,
)
from tests.propagation.api.film.editing import clash, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(film: None) -> APIClient:
    """Return a client of Ana, who watches the hero."""
    del film
    client = sign_in("ana", Role.VIEWER)
    assert put(client, "asset:hero", "watch").status_code == 200
    return client


def put(client: APIClient, topic: str, mode: str) -> Answer:
    """Say what one wants to hear of a topic."""
    return send(client, "PUT", f"subscriptions/{quote(topic, safe='')}", f'{{"mode": "{mode}"}}')


def tell(times: int = 1) -> list[int]:
    """Change the hero so often, tell of it each time, and return the runs."""
    runs = []
    for _ in range(times):
        run = change("hero", take=PropagationRun.objects.count()).run
        assert run
        runs.append(drive(run).pk)
        while make_notices(at=timezone.now()):
            pass
    return runs


def get(client: APIClient, path: str) -> dict[str, Any]:
    """Return what a path answers."""
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def mark(client: APIClient, how: str, **body: object) -> dict[str, Any]:
    """Mark as read or unread."""
    answer = post(client, f"notifications/{how}", body)
    assert answer.status_code == 200, answer.content
    marked: dict[str, Any] = answer.json()
    return marked


def test_a_notification_says_what_happened_and_why_one_is_told(ana: APIClient) -> None:
    (run_id,) = tell()
    body = get(ana, "notifications")
    (row,) = body["data"]
    assert body["unread"] == 1
    assert (row["run_id"], row["project_id"], row["asset_id"]) == (run_id, "film", "hero")
    assert row["what"] == "hero v2: 3 updated"
    assert (row["reason"], row["why"]) == ("source", "you watch hero, which changed")
    assert (row["is_read"], row["also"], row["conflict_id"]) == (False, 0, None)
    assert row["facts"]["applied"] == 3


def test_the_inbox_comes_newest_first_in_pages(ana: APIClient) -> None:
    runs = tell(5)
    Notification.objects.filter(run=runs[1]).update(updated_at=timezone.now())
    at = Notification.objects.get(run=runs[0]).updated_at
    Notification.objects.filter(run__in=runs[2:4]).update(updated_at=at - timedelta(hours=1))
    seen, path = [], "notifications?limit=2"
    while path:
        page = get(ana, path)
        assert page["unread"] == 5
        seen += [row["run_id"] for row in page["data"]]
        path = page["next"] and f"notifications?limit=2&cursor={page['next']}"
    assert seen == [runs[1], runs[4], runs[0], runs[3], runs[2]]


@pytest.mark.parametrize(
    "cursor",
    ["x", "1", "1.", ".1", "1.1.1", "-1.1", "9" * 19 + ".1", "9" * 18 + ".1", "\u0661.\u0661"],
)
def test_a_cursor_that_is_none_is_refused(ana: APIClient, cursor: str) -> None:
    answer = ana.get(f"/api/v1/notifications?cursor={quote(cursor)}")
    read_problem(answer, 400, "bad-cursor")


def test_the_inbox_is_filtered(ana: APIClient) -> None:
    runs = tell(3)
    put(ana, "project:film", "watch")
    put(ana, "asset:hero", "none")
    runs += tell()
    mark(ana, "read", run=runs[0])
    for query, wanted in (
        ("state=unread", runs[1:]),
        ("state=read", runs[:1]),
        ("state=all", runs),
        (f"run={runs[1]}", [runs[1]]),
        ("reason=source", runs[:3]),
        ("reason=project&state=unread", runs[3:]),
        ("project=film", runs),
    ):
        found = [row["run_id"] for row in get(ana, f"notifications?{query}")["data"]]
        assert sorted(found) == wanted, query


def test_notifications_are_marked_many_at_once(ana: APIClient) -> None:
    runs = tell(4)
    ids = {row["run_id"]: row["id"] for row in get(ana, "notifications")["data"]}
    assert mark(ana, "read", ids=[ids[runs[0]], ids[runs[1]], 10**9]) == {"changed": 2, "unread": 2}
    assert mark(ana, "read", ids=[ids[runs[0]]]) == {"changed": 0, "unread": 2}
    assert mark(ana, "unread", run=runs[0]) == {"changed": 1, "unread": 3}
    assert mark(ana, "read", project="film", reason="project") == {"changed": 0, "unread": 3}
    assert mark(ana, "read", reason="source") == {"changed": 3, "unread": 0}
    assert mark(ana, "unread", all=True) == {"changed": 4, "unread": 4}
    seen = get(ana, "notifications?limit=1")["data"][0]["updated_at"]
    (newer,) = tell()
    assert mark(ana, "read", all=True, until=seen) == {"changed": 4, "unread": 1}
    assert [row["run_id"] for row in get(ana, "notifications?state=unread")["data"]] == [newer]


def test_marking_takes_as_many_statements_for_many_as_for_one(ana: APIClient) -> None:
    (run_id, *_) = tell(6)
    one = count_statements(ana, "POST", "notifications/read", {"run": run_id})
    all_ = count_statements(ana, "POST", "notifications/read", {"all": True})
    assert all_ <= one


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"all": False}, ""),
        ({"all": True, "run": 1}, ""),
        ({"ids": ["x"]}, "/ids/0"),
        ({"ids": [0]}, "/ids/0"),
        ({"ids": [1] * 10_001}, "/ids"),
        ({"run": 2**63}, "/run"),
        ({"reason": "gossip"}, "/reason"),
        ({"all": True, "until": "soon"}, "/until"),
        ({"every": True}, "/every"),
    ],
)
def test_what_is_no_choice_is_refused(ana: APIClient, body: object, pointer: str) -> None:
    tell()
    for how in ("read", "unread"):
        with nothing_written():
            answer = post(ana, f"notifications/{how}", body)
        assert answer.status_code == 422
        assert pointer in list_pointers(answer.json())
    assert get(ana, "notifications")["unread"] == 1


def test_the_inbox_of_somebody_else_is_out_of_reach(ana: APIClient) -> None:
    (run_id,) = tell()
    (row,) = get(ana, "notifications")["data"]
    ben = sign_in("ben", Role.ADMIN)
    boss = APIClient()
    boss.force_authenticate(make_user("boss", is_superuser=True))
    for client in (ben, boss):
        assert get(client, "notifications") == {"data": [], "next": None, "unread": 0}
        assert get(client, "subscriptions")["data"] == []
        for body in ({"ids": [row["id"]]}, {"run": run_id}, {"all": True}):
            assert mark(client, "read", **body) == {"changed": 0, "unread": 0}
    assert get(ana, "notifications")["unread"] == 1


def test_who_left_sees_nothing_of_the_project_any_more(ana: APIClient) -> None:
    tell()
    Membership.objects.filter(user__username="ana").delete()
    assert get(ana, "notifications")["data"] == []
    assert get(ana, "subscriptions")["data"] == []
    assert mark(ana, "read", all=True)["changed"] == 0


def test_a_conflict_is_in_the_inbox_too(ana: APIClient) -> None:
    tell()
    mark(ana, "read", all=True)
    answer = clash(sign_in("cid"), sign_in("ben"))
    while make_notices(at=timezone.now()):
        pass
    rows = get(ana, "notifications?reason=conflict")["data"]
    assert [row["conflict_id"] for row in rows] == [answer.json()["conflict_id"]]
    assert rows[0]["what"] == "hero: ben's edit met another one and waits for a decision"


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("project:film", "project:film"),
        ("asset:film:hero", "asset:film:hero"),
        ("asset:hero", "asset:film:hero"),
        ("shot:shot-00000", "shot:film:shot-00000"),
        ("run:RUN", "run:RUN"),
    ],
)
def test_a_topic_is_watched_muted_and_let_go(film: None, topic: str, name: str) -> None:
    del film
    ben = sign_in("ben", Role.VIEWER)
    (run_id,) = tell()
    topic, name = (one.replace("RUN", str(run_id)) for one in (topic, name))
    path = f"subscriptions/{quote(topic, safe='')}"
    said = {"topic": name, "origin": None, "created_at": None}
    assert get(ben, path) == {**said, "mode": "none"}
    for mode in ("watch", "mute"):
        answer = put(ben, topic, mode).json()
        assert (answer["topic"], answer["mode"], answer["origin"]) == (name, mode, "chosen")
        assert get(ben, path) == answer
        assert get(ben, "subscriptions")["data"] == [answer]
        assert get(ben, f"subscriptions?mode={mode}&project=film")["data"] == [answer]
    for _ in range(2):
        assert send(ben, "DELETE", path).status_code == 204
    assert get(ben, path)["mode"] == "none"
    assert get(ben, "subscriptions")["data"] == []


def test_a_code_with_slashes_and_colons_is_watched(film: None) -> None:
    del film
    Entity.objects.filter(code="hero").update(code="a/b:c d")
    # The server leaves an encoded slash as it is; the test client does not.
    answer = send(sign_in("ben"), "PUT", "subscriptions/asset:film:a%252Fb:c d", '{"mode": "mute"}')
    assert answer.json()["topic"] == "asset:film:a/b:c d"
    assert Subscription.objects.get().entity_id


@pytest.mark.parametrize(
    "topic",
    [
        *("hero", "asset:", "asset:nobody", "shot:hero", "project:none", "project:", "entity:hero"),
        *("run:", "run:x", "run:-1", "run:99999999", "run:" + "9" * 30, "run:\u0661", "Asset:hero"),
    ],
)
def test_what_is_no_topic_is_not_found(ana: APIClient, topic: str) -> None:
    path = f"subscriptions/{quote(topic, safe='')}"
    with nothing_written():
        for method, body in (("GET", ""), ("PUT", '{"mode": "watch"}'), ("DELETE", "")):
            read_problem(send(ana, method, path, body), 404, "not-found")


def test_a_bare_code_of_two_projects_is_ambiguous(ana: APIClient) -> None:
    load(star(1), code="other")
    user = User.objects.get(username="ana")
    Membership.objects.create(user=user, role=Role.VIEWER, project_id=_find_other())
    problem = read_problem(put(ana, "asset:hero", "watch"), 409, "ambiguous-code")
    assert problem["candidates"] == ["film:hero", "other:hero"]


def _find_other() -> int:
    pk: int = Entity.objects.filter(project__code="other").values_list("project", flat=True)[0]
    return pk


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [("{}", "/mode"), ('{"mode": "all"}', "/mode"), ('{"mode": "watch", "mod": 1}', "/mod")],
)
def test_what_is_no_mode_is_refused(ana: APIClient, raw: str, pointer: str) -> None:
    with nothing_written():
        answer = send(ana, "PUT", "subscriptions/asset:hero", raw)
    assert (answer.status_code, list_pointers(answer.json())) == (422, [pointer])


def test_one_sees_who_one_is_and_says_how_one_wants_to_be_told(ana: APIClient) -> None:
    tell()
    shown = get(ana, "me")
    assert shown == {
        "username": "ana",
        "email": "",
        "is_superuser": False,
        "roles": {"film": "viewer"},
        "mail": "none",
        "digest_hour": 7,
        "unread": 1,
    }
    for body, wanted in (
        ('{"mail": "digest", "digest_hour": 18}', {"mail": "digest", "digest_hour": 18}),
        ('{"mail": "each"}', {"mail": "each", "digest_hour": 18}),
        ('{"digest_hour": 0}', {"mail": "each", "digest_hour": 0}),
        ("{}", {"mail": "each", "digest_hour": 0}),
    ):
        answer = send(ana, "PATCH", "me", body)
        assert (answer.status_code, answer.json()) == (200, {**shown, **wanted})
        assert get(ana, "me") == answer.json()


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        ('{"mail": "often"}', "/mail"),
        ('{"mail": null}', "/mail"),
        ('{"digest_hour": 24}', "/digest_hour"),
        ('{"digest_hour": -1}', "/digest_hour"),
        ('{"username": "boss"}', "/username"),
        ('{"roles": {"film": "admin"}}', "/roles"),
    ],
)
def test_what_one_cannot_say_of_oneself_is_refused(ana: APIClient, raw: str, pointer: str) -> None:
    with nothing_written():
        answer = send(ana, "PATCH", "me", raw)
    assert (answer.status_code, list_pointers(answer.json())) == (422, [pointer])


def test_the_inbox_takes_as_many_statements_for_20_rows_as_for_one(ana: APIClient) -> None:
    tell()
    get(ana, "notifications")
    one = count_statements(ana, "GET", "notifications")
    tell(19)
    assert Notification.objects.count() == 20
    assert count_statements(ana, "GET", "notifications") == one
