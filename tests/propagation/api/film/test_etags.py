"""ETags of all that is read: 304 for what a client has, and If-Match of what it was given."""

import json
import re
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoDbBlocker

from assets.models import Entity, Priority, Role
from propagation.api.urls import urlpatterns
from tests.builders import change, drive, make_user
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    nothing_written,
    post,
    read_bytes,
    read_problem,
    send,
)

pytestmark = pytest.mark.django_db
PATHS = {
    "projects": "projects",
    "project": "projects/film",
    "propagation-status": "projects/film/propagation-status",
    "runs": "projects/film/runs",
    "rules": "projects/film/rules",
    "rule": "projects/film/rules/keep",
    "holds": "projects/film/holds",
    "look-up": "projects/film/best?type=characters&id=hero",
    "outdated-media": "projects/film/outdated-media",
    "as-of": "projects/film/as-of?at=2100-01-01T00:00:00Z",
    "assets": "projects/film/assets",
    "shots": "projects/film/shots",
    "sequences": "projects/film/sequences",
    "file": "files/FILE",
    "entity": "assets/hero",
    "slots": "assets/hero/slots",
    "dependencies": "assets/hero/dependencies",
    "versions": "assets/hero/versions",
    "version": "assets/hero/versions/1",
    "diff": "assets/hero/versions/1/diff/2",
    "run": "runs/RUN",
    "run-items": "runs/RUN/items",
    "run-item": "runs/RUN/items/shot-00000",
    "pins": "assets/shot-00000/pins",
    "jobs": "projects/film/jobs",
    "conflicts": "projects/film/conflicts",
    "conflict": "conflicts/CONFLICT",
    "presence": "projects/film/presence",
    "events": "events?project=film&since=0",
    "activity": "projects/film/activity",
    "asset-activity": "assets/hero/activity",
    "leases": "assets/hero/leases",
    "members": "projects/film/members",
    "member": "projects/film/members/kim",
    "tokens": "me/tokens",
    "webhooks": "projects/film/webhooks",
    "webhook": "webhooks/WEBHOOK",
    "deliveries": "webhooks/WEBHOOK/deliveries",
    "delivery": "webhooks/WEBHOOK/deliveries/MESSAGE",
    "plan": "plans/PLAN",
    "plan-items": "plans/PLAN/items",
    "me": "me",
    "notifications": "notifications",
    "subscriptions": "subscriptions",
    "subscription": "subscriptions/asset:film:hero",
    "references": "projects/film/edges",
    "uses": "assets/shot-00000/uses",
    "usages": "assets/hero/usages",
}
ALWAYS_NEW = {"queues"}
"""What has the time in it."""
WRITTEN_ONLY = {
    "import",
    "rotate-webhook",
    "test-webhook",
    "replay-delivery",
    "mark-read",
    "mark-unread",
    "resolution",
    "dismiss-conflict",
    "withdraw-edit",
    "lease",
    "settings",
    "ws-tickets",
    "job",
    "pause",
    "resume",
    "cancel",
    "retry",
    "skip",
    "undo",
    "simulate",
    "approve-holds",
    "reject-holds",
    "files",
    "lock",
    "best",
    "batch-versions",
    "propagate",
    "rollback",
    "batch",
    "edges",
    "token",
}
POSTER = {"slot": "poster", "type": "image", "urls": ["https://cdn.example/1.png"]}
UPLOAD = (
    '--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nbytes\r\n--x--\r\n'
)


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What the film has beside the hero: a finished run, a file, a plan, a conflict, a webhook."""

    run: int
    file: str
    plan: str
    conflict: int
    webhook: int
    message: str

    def get_path(self, route: str) -> str:
        """Return a path of the route."""
        path = PATHS[route].replace("RUN", str(self.run)).replace("FILE", self.file)
        path = path.replace("PLAN", self.plan).replace("CONFLICT", str(self.conflict))
        return path.replace("WEBHOOK", str(self.webhook)).replace("MESSAGE", self.message)


@pytest.fixture(scope="module")
def staged(shared_director: User, django_db_blocker: DjangoDbBlocker) -> Staged:
    """Have something behind every route, once for all tests here."""
    api = APIClient()
    api.force_authenticate(shared_director)
    with django_db_blocker.unblock():
        return stage(api)


def stage(api: APIClient) -> Staged:
    """Put something behind every route."""
    assert send(api, "PUT", "projects/film/rules/keep", '{"action": "hold"}').status_code == 200
    run = change("hero", colour="red").run
    assert run
    drive(run)
    assert post(api, "assets/hero/versions", POSTER).status_code == 201
    multipart = "multipart/form-data; boundary=x"
    stored = send(api, "POST", "projects/film/files", UPLOAD, CONTENT_TYPE=multipart).json()
    proposal = {"change_data": {"hat": "tall"}}
    shown = post(api, "assets/hero/propagate?dry_run=true", proposal).json()
    stale = {"change_data": {"colour": "green"}, "base_version": 1}
    conflict = post(api, "assets/hero/propagate", stale).json()["conflict_id"]
    make_user("kim", roles={"film": Role.VIEWER})
    webhook = post(api, "projects/film/webhooks", {"url": "https://hooks.example.com/"}).json()
    sent = post(api, f"webhooks/{webhook['id']}/test", {}).json()
    return Staged(
        run=run.pk,
        file=stored["file"],
        plan=shown["plan_token"],
        conflict=conflict,
        webhook=webhook["id"],
        message=sent["id"],
    )


def get(api: APIClient, path: str, if_none_match: str | None = None) -> Answer:
    """GET, with the header if there is one."""
    if if_none_match is None:
        return api.get(f"/api/v1/{path}")
    return api.get(f"/api/v1/{path}", HTTP_IF_NONE_MATCH=if_none_match)


def read(answer: Answer) -> bytes:
    """Return the body of any answer."""
    return read_bytes(answer) if answer.streaming else answer.content


def get_etag(api: APIClient, path: str) -> str:
    """Return the ETag that the path answers."""
    answer = get(api, path)
    read(answer)
    assert answer.status_code == 200
    etag: str = answer["ETag"]
    return etag


def test_every_route_is_either_read_or_only_written() -> None:
    assert {route.name for route in urlpatterns} == PATHS.keys() | WRITTEN_ONLY | ALWAYS_NEW


@pytest.mark.parametrize("route", PATHS)
def test_what_is_read_has_an_etag_and_is_not_sent_twice(
    staged: Staged, api: APIClient, route: str
) -> None:
    path = staged.get_path(route)
    first = get(api, path)
    body = read(first)
    assert first.status_code == 200
    assert re.fullmatch(r'(W/)?"[\x21\x23-\x7e ]+"', first["ETag"])
    assert "private" in first["Cache-Control"]
    again = get(api, path, first["ETag"])
    assert (again.status_code, read(again)) == (304, b"")
    assert (again["ETag"], again["Cache-Control"]) == (first["ETag"], first["Cache-Control"])
    assert not again.has_header("Content-Type")
    other = get(api, path, '"other"')
    assert (other.status_code, read(other), other["ETag"]) == (200, body, first["ETag"])


@pytest.mark.parametrize("route", PATHS)
def test_a_head_has_the_etag_of_the_get(staged: Staged, api: APIClient, route: str) -> None:
    path = staged.get_path(route)
    etag = get_etag(api, path)
    head = api.head(f"/api/v1/{path}")
    read(head)
    assert (head.status_code, head["ETag"]) == (200, etag)
    again = api.head(f"/api/v1/{path}", HTTP_IF_NONE_MATCH=etag)
    read(again)
    assert again.status_code == 304


CHANGES = {
    "a new version": ("POST", "assets/hero/propagate", {"change_data": {"hat": "tall"}}),
    "an edge": ("POST", "edges", {"source": "hero", "target": "shot-00000", "role": "seen_in"}),
    "a lock": ("PUT", "assets/hero/lock", {"is_locked": True}),
    "an approval": ("PATCH", "assets/hero/versions/1", {"status": "approved"}),
    "metadata": ("PATCH", "assets/hero/versions/1", {"metadata": {"take": 1}}),
    "hiding": ("PATCH", "assets/hero/versions/2", {"is_hidden": True}),
    "an older best": ("PUT", "assets/hero/best", {"version": 1}),
    "a poster": ("POST", "assets/hero/versions", {**POSTER, "best": True}),
    "a rule": ("PUT", "projects/film/rules/keep", {"impacts": ["high"]}),
    "a decision": ("POST", "projects/film/holds/reject", {"all": True}),
}


@pytest.mark.parametrize(
    ("what", "route"),
    [
        ("a new version", "entity"),
        ("a new version", "slots"),
        ("a new version", "versions"),
        ("a new version", "look-up"),
        ("a new version", "outdated-media"),
        ("a new version", "runs"),
        ("a new version", "propagation-status"),
        ("a new version", "holds"),
        ("a rule", "rule"),
        ("a rule", "rules"),
        ("a decision", "holds"),
        ("a decision", "run"),
        ("a decision", "run-items"),
        ("an edge", "project"),
        ("an edge", "projects"),
        ("an edge", "dependencies"),
        ("an edge", "versions"),
        ("a lock", "entity"),
        ("a lock", "assets"),
        ("an approval", "entity"),
        ("an approval", "version"),
        ("an approval", "versions"),
        ("an approval", "slots"),
        ("metadata", "version"),
        ("metadata", "versions"),
        ("hiding", "versions"),
        ("hiding", "look-up"),
        ("an older best", "entity"),
        ("an older best", "version"),
        ("an older best", "slots"),
        ("a poster", "slots"),
        ("a poster", "look-up"),
        ("a poster", "as-of"),
    ],
)
def test_what_changed_is_sent_again_with_another_etag(
    staged: Staged, api: APIClient, what: str, route: str
) -> None:
    method, path, body = CHANGES[what]
    before = get(api, staged.get_path(route))
    answer = send(api, method, path, json.dumps(body))
    assert answer.status_code in (200, 201, 202), answer.content
    after = get(api, staged.get_path(route), before["ETag"])
    assert after.status_code == 200
    assert after["ETag"] != before["ETag"]


def test_a_priority_changes_the_etag_of_an_entity_although_its_version_stays(
    staged: Staged, api: APIClient
) -> None:
    before = {path: get_etag(api, path) for path in ("assets/hero", "projects/film/assets")}
    Entity.objects.filter(code="hero").update(priority=Priority.CRITICAL)
    for path, etag in before.items():
        after = get(api, path, etag)
        assert after.status_code == 200
        assert after["ETag"] != etag


@pytest.mark.parametrize("path", ["assets/hero", "projects/film", "projects/film/assets"])
@pytest.mark.parametrize(
    "template",
    [
        "{strong}",
        "W/{strong}",
        "*",
        ' "other" , {strong}',
        'W/"other", W/{strong}, "third"',
        '"a,b", {strong}',
        "{strong},",
    ],
)
def test_a_client_names_what_it_has_in_any_spelling(
    staged: Staged, api: APIClient, path: str, template: str
) -> None:
    strong = get_etag(api, path).removeprefix("W/")
    assert get(api, path, template.format(strong=strong)).status_code == 304


@pytest.mark.parametrize(
    "header",
    ["", '""', '"*"', "x", '"hero_v2"', 'W/"hero_v2"', "{bare}", '"x{bare}"', ",,,", "\xff"],
)
def test_what_a_client_does_not_have_is_sent(staged: Staged, api: APIClient, header: str) -> None:
    bare = get_etag(api, "assets/hero").strip('"')
    answer = get(api, "assets/hero", header.format(bare=bare))
    assert (answer.status_code, answer.json()["id"]) == (200, "hero")


def test_a_problem_has_no_etag_and_is_never_304(staged: Staged, api: APIClient) -> None:
    for path, status in (("assets/nobody", 404), ("projects?x=1", 400)):
        answer = get(api, path, "*")
        assert answer.status_code == status
        assert not answer.has_header("ETag")


def test_what_one_may_not_see_is_not_told_by_a_304(staged: Staged, api: APIClient) -> None:
    etag = get_etag(api, "assets/hero")
    read_problem(get(APIClient(), "assets/hero", etag), 401, "unauthenticated")
    read_problem(get(APIClient(), "assets/hero", "*"), 401, "unauthenticated")


def test_what_one_reads_depends_on_who_asks(staged: Staged, api: APIClient) -> None:
    answer = get(api, "projects")
    assert {"Authorization", "Cookie"} <= {one.strip() for one in answer["Vary"].split(",")}
    assert {"private", "no-cache"} <= {one.strip() for one in answer["Cache-Control"].split(",")}


def test_a_304_of_a_page_says_where_the_next_one_is(staged: Staged, api: APIClient) -> None:
    path = "projects/film/shots?limit=1"
    first = get(api, path)
    again = get(api, path, first["ETag"])
    assert (again.status_code, again["Link"]) == (304, first["Link"])


@pytest.mark.parametrize("header", ["HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"])
def test_a_condition_on_what_is_written_makes_no_304(
    staged: Staged, api: APIClient, header: str
) -> None:
    answer = post(api, "assets/hero/propagate", {"change_data": {"hat": "tall"}}, **{header: "*"})
    assert answer.status_code == 202


ACCEPTING = {
    "propagate": ("POST", "assets/hero/propagate", {"change_data": {"hat": "tall"}}, "definition"),
    "rollback": (
        "POST",
        "assets/hero/rollback",
        {"version_number": 1, "reason": "as it was"},
        "definition",
    ),
    "best": ("PUT", "assets/hero/best", {"version": 1}, "definition"),
    "best of media": ("PUT", "assets/hero/best", {"version": 2, "slot": "poster"}, "poster"),
}


@pytest.mark.parametrize("what", ACCEPTING)
def test_the_etag_of_a_get_is_taken_by_what_changes(
    staged: Staged, api: APIClient, what: str
) -> None:
    method, path, body, slot = ACCEPTING[what]
    post(api, "assets/hero/versions", POSTER)
    number = 2 if slot == "definition" else 1
    sources = [f"assets/hero/versions/{number}?slot={slot}"]
    sources += ["assets/hero"] if slot == "definition" else []
    for source in sources:
        etag = get_etag(api, source)
        dry = send(api, method, f"{path}?dry_run=true", json.dumps(body), HTTP_IF_MATCH=etag)
        assert dry.status_code == 200, dry.content
    answer = send(api, method, path, json.dumps(body), HTTP_IF_MATCH=etag)
    assert answer.status_code in (200, 202), answer.content
    with nothing_written():
        strict = {"HTTP_PREFER": "handling=strict"}
        again = send(api, method, path, json.dumps(body), HTTP_IF_MATCH=etag, **strict)
    read_problem(again, 412, "version-conflict")
    fresh = send(api, method, path, json.dumps(body), HTTP_IF_MATCH=answer["ETag"])
    assert fresh.status_code in (200, 202), fresh.content


@pytest.mark.parametrize("path", ["assets/hero/versions/1", "assets/hero/versions/1?slot=poster"])
def test_the_etag_of_a_version_is_taken_by_a_remark(
    staged: Staged, api: APIClient, path: str
) -> None:
    etag = get_etag(api, path)
    first = send(api, "PATCH", path, '{"is_hidden": true}', HTTP_IF_MATCH=etag)
    assert first.status_code == 200, first.content
    with nothing_written():
        again = send(api, "PATCH", path, '{"is_hidden": false}', HTTP_IF_MATCH=etag)
    read_problem(again, 412, "version-conflict")
    for etag in (first["ETag"], get_etag(api, path)):
        answer = send(api, "PATCH", path, '{"is_hidden": true}', HTTP_IF_MATCH=etag)
        assert answer.status_code == 200, answer.content
        assert get_etag(api, path).startswith(answer["ETag"][:-1])


def test_the_etag_of_an_entity_tells_nothing_about_remarks(staged: Staged, api: APIClient) -> None:
    etag = get_etag(api, "assets/hero")
    answer = send(api, "PATCH", "assets/hero/versions/2", "{}", HTTP_IF_MATCH=etag)
    read_problem(answer, 400, "bad-etag")
