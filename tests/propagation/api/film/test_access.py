"""Who may see and do what: projects of others do not exist, and roles limit what one may do."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.urls import URLPattern
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from assets.models import Project, Role
from propagation.api.urls import urlpatterns
from propagation.models import PropagationRule, RunKind
from propagation.services.annotate_version import annotate_version
from propagation.services.change_references import find_edge
from propagation.services.edit_webhooks import create_webhook
from propagation.services.examine_changes import Change
from propagation.services.pin_references import Terms, pin_reference
from propagation.services.propagate_change import propagate_change
from propagation.services.send_webhooks import send_test
from tests.builders import change, get_entity, load, make_cause, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    nothing_written,
    post,
    read_any_problem,
    read_bytes,
    read_problem,
    send,
)
from versions.services.annotate import Remark

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request that somebody with this role may make, to the route of this name."""

    route: str
    path: str
    method: str = "GET"
    body: object = None
    content_type: str = "application/json"
    role: Role = Role.VIEWER

    def send(self, api: APIClient, ids: Mapping[str, object], *, project: str = "film") -> Answer:
        """Send it, with the project's code and the ids of what lies in it filled in."""
        raw: str | bytes = b"" if self.body is None else json.dumps(self.body)
        if isinstance(raw, str):
            raw = raw.replace("PROJECT", project)
        if self.content_type != "application/json":
            raw = str(self.body)
        path = self.path.replace("PROJECT", project)
        for name, value in ids.items():
            path = path.replace(name, str(value))
        answer = send(api, self.method, path, raw, CONTENT_TYPE=self.content_type)
        if answer.streaming:
            read_bytes(answer)
        return answer


REASON = {"reason": "as it was"}
CHANGE = {"change_data": {"hat": "tall"}}
PROPOSAL = {"asset_id": "PROJECT:hero", **CHANGE}
BACK = {"version_number": 1, "reason": "as it was"}
EDGE = {"source": "PROJECT:shot-00000", "target": "PROJECT:shot-00001"}
OLD_EDGE = {"source": "PROJECT:hero", "target": "PROJECT:shot-00001", "role": "character"}
POSTER = {"slot": "poster", "type": "image", "urls": ["https://a.example/poster.png"]}
UPLOAD = (
    '--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nbytes\r\n--x--\r\n'
)
VERSIONS_BATCH = {
    "entries": [
        {
            "scope": {"type": "characters", "project_id": "PROJECT", "character_ids": ["hero"]},
            **POSTER,
        }
    ]
}
BATCH = {"asset_changes": [{"asset_id": "PROJECT:hero", "changes": {"hat": "tall"}}]}
REQUESTS = [
    Request(route="project", path="projects/PROJECT"),
    Request(route="propagation-status", path="projects/PROJECT/propagation-status"),
    Request(route="runs", path="projects/PROJECT/runs"),
    Request(route="assets", path="projects/PROJECT/assets"),
    Request(route="shots", path="projects/PROJECT/shots"),
    Request(route="sequences", path="projects/PROJECT/sequences"),
    Request(route="entity", path="assets/PROJECT:hero"),
    Request(route="dependencies", path="assets/PROJECT:hero/dependencies"),
    Request(route="versions", path="assets/PROJECT:hero/versions"),
    Request(route="version", path="assets/PROJECT:hero/versions/1"),
    Request(route="diff", path="assets/PROJECT:hero/versions/1/diff/1"),
    Request(route="slots", path="assets/PROJECT:hero/slots"),
    Request(route="look-up", path="projects/PROJECT/best?type=project"),
    Request(route="outdated-media", path="projects/PROJECT/outdated-media"),
    Request(route="as-of", path="projects/PROJECT/as-of?at=2100-01-01T00:00:00Z"),
    Request(route="entity", path="assets/PROJECT:hero?at=2100-01-01T00:00:00Z"),
    Request(route="file", path="files/FILE"),
    Request(route="versions", path="assets/PROJECT:hero/versions?slot=poster"),
    Request(route="version", path="assets/PROJECT:hero/versions/1?slot=poster"),
    Request(route="run", path="runs/RUN"),
    Request(route="run-items", path="runs/RUN/items"),
    Request(route="run-item", path="runs/RUN/items/shot-00000"),
    Request(route="undo", path="runs/RUN/undo?dry_run=true", method="POST", body=REASON),
    Request(route="undo", path="runs/RUN/undo", method="POST", body=REASON, role=Role.SUPERVISOR),
    Request(route="jobs", path="projects/PROJECT/jobs"),
    Request(route="pins", path="assets/PROJECT:shot-00001/pins"),
    Request(
        route="pins",
        path="assets/PROJECT:shot-00001/pins",
        method="PUT",
        body={"source": "PROJECT:hero", **REASON},
        role=Role.ARTIST,
    ),
    Request(
        route="pins",
        path="assets/PROJECT:shot-00001/pins",
        method="DELETE",
        body={"source": "PROJECT:hero"},
        role=Role.ARTIST,
    ),
    Request(
        route="propagate",
        path="assets/PROJECT:hero/propagate?dry_run=true",
        method="POST",
        body=CHANGE,
    ),
    Request(
        route="rollback", path="assets/PROJECT:hero/rollback?dry_run=true", method="POST", body=BACK
    ),
    Request(
        route="propagate",
        path="assets/PROJECT:hero/propagate",
        method="POST",
        body=CHANGE,
        role=Role.ARTIST,
    ),
    Request(
        route="best",
        path="assets/PROJECT:hero/best?dry_run=true",
        method="PUT",
        body={"version": 1},
    ),
    Request(
        route="best",
        path="assets/PROJECT:hero/best",
        method="PUT",
        body={"version": 2, "slot": "poster"},
        role=Role.ARTIST,
    ),
    Request(
        route="best",
        path="assets/PROJECT:hero/best",
        method="PUT",
        body={"version": 1},
        role=Role.SUPERVISOR,
    ),
    Request(
        route="versions",
        path="assets/PROJECT:hero/versions",
        method="POST",
        body=POSTER,
        role=Role.ARTIST,
    ),
    Request(
        route="files",
        path="projects/PROJECT/files",
        method="POST",
        body=UPLOAD,
        content_type="multipart/form-data; boundary=x",
        role=Role.ARTIST,
    ),
    *(
        Request(
            route="version",
            path="assets/PROJECT:hero/versions/1",
            method="PATCH",
            body=remark,
            role=Role.ARTIST,
        )
        for remark in ({"is_hidden": True}, {"metadata": {"a": 1}}, {"status": "review"})
    ),
    Request(
        route="lock",
        path="assets/PROJECT:hero/lock",
        method="PUT",
        body={"is_locked": True},
        role=Role.SUPERVISOR,
    ),
    Request(route="edges", path="edges", method="POST", body=EDGE, role=Role.ARTIST),
    Request(route="edges", path="edges", method="DELETE", body=OLD_EDGE, role=Role.ARTIST),
    Request(
        route="rollback",
        path="assets/PROJECT:hero/rollback",
        method="POST",
        body=BACK,
        role=Role.SUPERVISOR,
    ),
    Request(route="rules", path="projects/PROJECT/rules"),
    Request(route="rule", path="projects/PROJECT/rules/keep"),
    Request(route="holds", path="projects/PROJECT/holds"),
    Request(route="simulate", path="projects/PROJECT/rules/simulate", method="POST", body=PROPOSAL),
    Request(
        route="rule",
        path="projects/PROJECT/rules/keep",
        method="PUT",
        body={"action": "hold"},
        role=Role.SUPERVISOR,
    ),
    Request(
        route="rule", path="projects/PROJECT/rules/keep", method="DELETE", role=Role.SUPERVISOR
    ),
    *(
        Request(
            route=f"{decision}-holds",
            path=f"projects/PROJECT/holds/{decision}",
            method="POST",
            body={"all": True},
            role=Role.SUPERVISOR,
        )
        for decision in ("approve", "reject")
    ),
]
ABSENT = {
    "RUN": 123_456,
    "FILE": "1/none.png",
    "CONFLICT": 123_456,
    "OBSTACLE": 123_456,
    "WEBHOOK": 123_456,
    "MESSAGE": "msg_none",
}
LEASE = {"fields": ["hat"]}
REQUESTS += [
    Request(route="conflicts", path="projects/PROJECT/conflicts"),
    Request(route="conflict", path="conflicts/CONFLICT"),
    Request(
        route="resolution",
        path="conflicts/CONFLICT/resolution",
        method="PUT",
        body={"choices": {"colour": "yours"}},
        role=Role.ARTIST,
    ),
    Request(
        route="resolution",
        path="conflicts/OBSTACLE/resolution",
        method="PUT",
        body={"proceed": True},
        role=Role.SUPERVISOR,
    ),
    Request(
        route="dismiss-conflict",
        path="conflicts/CONFLICT/dismiss",
        method="POST",
        body={},
        role=Role.SUPERVISOR,
    ),
    Request(route="presence", path="projects/PROJECT/presence"),
    Request(route="events", path="events?project=PROJECT&since=0"),
    Request(route="activity", path="projects/PROJECT/activity"),
    Request(route="asset-activity", path="assets/PROJECT:hero/activity"),
    Request(route="leases", path="assets/PROJECT:hero/leases"),
    Request(
        route="leases",
        path="assets/PROJECT:hero/leases",
        method="POST",
        body=LEASE,
        role=Role.ARTIST,
    ),
    Request(
        route="settings",
        path="projects/PROJECT/settings",
        method="PATCH",
        body={"strict_writes": True},
        role=Role.ADMIN,
    ),
]
HOOK = {"url": "https://hooks.example.com/in"}
REQUESTS += [
    Request(route=route, path=path, method=method, body=body, role=Role.ADMIN)
    for route, path, method, body in (
        ("webhooks", "projects/PROJECT/webhooks", "GET", None),
        ("webhooks", "projects/PROJECT/webhooks", "POST", HOOK),
        ("webhook", "webhooks/WEBHOOK", "GET", None),
        ("webhook", "webhooks/WEBHOOK", "PATCH", {"types": ["edge.changed"]}),
        ("webhook", "webhooks/WEBHOOK", "DELETE", None),
        ("rotate-webhook", "webhooks/WEBHOOK/rotate", "POST", {}),
        ("test-webhook", "webhooks/WEBHOOK/test", "POST", {}),
        ("deliveries", "webhooks/WEBHOOK/deliveries", "GET", None),
        ("delivery", "webhooks/WEBHOOK/deliveries/MESSAGE", "GET", None),
        ("replay-delivery", "webhooks/WEBHOOK/deliveries/MESSAGE/replay", "POST", {}),
    )
]
TOPICS = ("project:PROJECT", "asset:PROJECT:hero", "shot:PROJECT:shot-00000", "run:RUN")
MARKS = ({"project": "PROJECT"}, {"project": "PROJECT", "reason": "source"})
REQUESTS += [
    *(
        Request(route="subscription", path=f"subscriptions/{topic}", method=method, body=body)
        for topic in TOPICS
        for method, body in (("GET", None), ("PUT", {"mode": "watch"}), ("DELETE", None))
    ),
    Request(route="subscriptions", path="subscriptions?project=PROJECT"),
    Request(route="notifications", path="notifications?project=PROJECT"),
    Request(route="notifications", path="notifications?run=RUN"),
    *(
        Request(route=route, path=f"notifications/{how}", method="POST", body=body)
        for route, how in (("mark-read", "read"), ("mark-unread", "unread"))
        for body in MARKS
    ),
]
OF_ALL_PROJECTS = {"projects", "batch", "batch-versions", "me"}
"""Routes that answer for every project that one may see; each has a test of its own below."""
STEERING = {
    "pause": {},
    "resume": {},
    "cancel": {},
    "retry": {},
    "skip": {"ids": ["shot-00000"]},
}
"""Ways to steer a run, which depend on how it stands; each has a test of its own below."""
OF_TOKENS = {"plan", "plan-items", "job", "lease", "withdraw-edit", "ws-tickets"}
"""Routes of what has a token or an owner of its own; see test_plans.py, test_handlers.py,
test_leases.py, test_conflicts.py and sockets/test_entrance.py."""


@pytest.fixture(scope="module")
def run_id(shared_director: User, django_db_blocker: DjangoDbBlocker) -> int:
    """Have a rule and a run in the film, whose targets it holds, and return the run's id."""
    del shared_director
    with django_db_blocker.unblock():
        PropagationRule.objects.create(
            project=Project.objects.get(code="film"),
            name="keep",
            action="hold",
            fields=["colour"],
        )
        run = change("hero", colour="red").run
        assert run
        return run.pk


@pytest.fixture(scope="module")
def file_key(shared_director: User, django_db_blocker: DjangoDbBlocker) -> str:
    """Have two posters and a file in the film, and return the file's key."""
    api = APIClient()
    api.force_authenticate(shared_director)
    multipart = "multipart/form-data; boundary=x"
    with django_db_blocker.unblock():
        for _ in range(2):
            assert post(api, "assets/film:hero/versions", POSTER).status_code == 201
        answer = send(api, "POST", "projects/film/files", UPLOAD, CONTENT_TYPE=multipart)
    key: str = answer.json()["file"]
    return key


@pytest.fixture(scope="module")
def ids(run_id: int, file_key: str, django_db_blocker: DjangoDbBlocker) -> Mapping[str, object]:
    """Have an edit that clashes, one that something else depends on, and a webhook; return ids."""
    with django_db_blocker.unblock():
        hero, at = get_entity("hero"), timezone.now()
        edge = find_edge(source=hero, target=get_entity("shot-00002"), role=None, label=None)
        pin_reference(edge=edge, terms=Terms(number=2), cause=make_cause(kind=RunKind.PIN), at=at)
        stale = Change(entity=hero, data={"colour": "green"}, base_version=1)
        clash = propagate_change(change=stale, cause=make_cause(), at=at).open_conflicts[0]
        hidden = annotate_version(
            entity=hero,
            slot="definition",
            number=2,
            remark=Remark(is_hidden=True),
            cause=make_cause(kind=RunKind.APPROVAL),
            at=at,
        ).conflicts[0]
        webhook = create_webhook(project=hero.project, values=HOOK, actor=None, at=at)
        delivery = send_test(pk=webhook.pk, actor=None, at=at)
    return {
        "RUN": run_id,
        "FILE": file_key,
        "CONFLICT": clash.pk,
        "OBSTACLE": hidden.pk,
        "WEBHOOK": webhook.pk,
        "MESSAGE": delivery.message_id,
    }


@pytest.fixture
def stranger(film: None) -> APIClient:
    """Return a client of the admin of another project."""
    del film
    load(star(1), code="other")
    client = APIClient()
    client.force_authenticate(make_user("stranger", roles={"other": Role.ADMIN}))
    return client


def test_the_matrix_has_every_route() -> None:
    routes = {one.name for one in urlpatterns if isinstance(one, URLPattern)}
    named = {request.route for request in REQUESTS}
    assert routes == named | OF_ALL_PROJECTS | STEERING.keys() | OF_TOKENS


@pytest.mark.parametrize("how", STEERING)
def test_a_run_of_others_is_steered_by_supervisors_only(
    how: str, run_id: int, stranger: APIClient, as_viewer: APIClient, as_artist: APIClient
) -> None:
    for client, status, code in (
        (stranger, 404, "not-found"),
        (as_viewer, 403, "forbidden"),
        (as_artist, 403, "forbidden"),
    ):
        with nothing_written():
            read_problem(post(client, f"runs/{run_id}/{how}", STEERING[how]), status, code)


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_a_project_of_others_answers_as_one_that_does_not_exist(
    stranger: APIClient, ids: Mapping[str, object], request_: Request
) -> None:
    with nothing_written():
        present = read_problem(request_.send(stranger, ids), 404, "not-found")
        missing = request_.send(stranger, ABSENT, project="none")
        absent = read_problem(missing, 404, "not-found")
    for problem in (present, absent):
        del problem["request_id"]
    same = json.dumps(present).replace("film", "none").replace(f"un {ids['RUN']} ", "un 123456 ")
    for name, before in (
        ("RUN", "runs/"),
        ("RUN", "run:"),
        ("CONFLICT", "conflicts/"),
        ("OBSTACLE", "conflicts/"),
        ("WEBHOOK", "webhooks/"),
    ):
        same = re.sub(rf"{before}{ids[name]}(?![0-9])", f"{before}{ABSENT[name]}", same)
    for name in ("FILE", "MESSAGE"):
        same = same.replace(str(ids[name]), str(ABSENT[name]))
    assert json.loads(same) == absent


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_a_role_may_do_what_it_may_and_no_more(
    ids: Mapping[str, object],
    request_: Request,
    as_viewer: APIClient,
    as_artist: APIClient,
    as_supervisor: APIClient,
    as_admin: APIClient,
) -> None:
    clients = {
        Role.VIEWER: as_viewer,
        Role.ARTIST: as_artist,
        Role.SUPERVISOR: as_supervisor,
        Role.ADMIN: as_admin,
    }
    for role, client in clients.items():
        if role.includes(request_.role):
            response = request_.send(client, ids)
            assert response.status_code in (200, 201, 202, 204), response.status_code
            break
        with nothing_written():
            answer = request_.send(client, ids)
            problem = read_problem(answer, 403, "forbidden")
        assert repr(request_.role.value) in problem["detail"]


def test_the_list_of_projects_holds_those_of_which_one_is_a_member(stranger: APIClient) -> None:
    codes = [project["id"] for project in stranger.get("/api/v1/projects").json()["data"]]
    assert codes == ["other"]


def test_a_superuser_sees_every_project(stranger: APIClient, api: APIClient) -> None:
    del stranger
    assert len(api.get("/api/v1/projects").json()["data"]) == 2


def test_a_batch_cannot_reach_into_a_project_of_others(stranger: APIClient) -> None:
    changes = [
        {"asset_id": code, "changes": {"hat": "tall"}}
        for code in ("film:hero", "film:nobody", "shot-00002")
    ]
    with nothing_written():
        answer = send(stranger, "POST", "propagation/batch", json.dumps({"asset_changes": changes}))
    results = read_problem(answer, 422, "batch-invalid")["results"]
    assert {result["problem"]["code"] for result in results} == {"not-found"}
    details = [result["problem"]["detail"] for result in results]
    assert details[0].replace("hero", "nobody") == details[1]


@pytest.mark.parametrize("end", ["source", "target"])
def test_an_edge_cannot_reach_into_a_project_of_others(stranger: APIClient, end: str) -> None:
    edge = {"source": "other:hero", "target": "other:shot-00000", end: "film:hero"}
    for method in ("POST", "DELETE"):
        with nothing_written():
            answer = send(stranger, method, "edges", json.dumps(edge))
        read_problem(answer, 404, "not-found")


def test_a_viewer_may_make_no_change_by_a_batch(as_viewer: APIClient) -> None:
    with nothing_written():
        answer = send(
            as_viewer, "POST", "propagation/batch", json.dumps(BATCH).replace("PROJECT", "film")
        )
    results = read_problem(answer, 422, "batch-invalid")["results"]
    assert [result["problem"]["code"] for result in results] == ["forbidden"]


@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_only_a_supervisor_approves_and_rejects(
    as_viewer: APIClient, as_artist: APIClient, as_supervisor: APIClient, status: str
) -> None:
    body = json.dumps({"status": status})
    for client in (as_viewer, as_artist):
        with nothing_written():
            answer = send(client, "PATCH", "assets/hero/versions/1", body)
        read_problem(answer, 403, "forbidden")
    assert send(as_supervisor, "PATCH", "assets/hero/versions/1", body).status_code == 200


def test_versions_of_media_cannot_reach_into_a_project_of_others(stranger: APIClient) -> None:
    details = []
    for project in ("film", "none"):
        body = json.dumps(VERSIONS_BATCH).replace("PROJECT", project)
        with nothing_written():
            answer = send(stranger, "POST", "assets:batch_versions", body)
        (error,) = read_problem(answer, 422, "batch-invalid")["errors"]
        assert error["code"] == "bad-scope"
        details.append(error["detail"])
    assert details[0].replace("film", "none") == details[1]


def test_only_an_artist_creates_versions_of_media(
    as_viewer: APIClient, as_artist: APIClient
) -> None:
    body = json.dumps(VERSIONS_BATCH).replace("PROJECT", "film")
    with nothing_written():
        answer = send(as_viewer, "POST", "assets:batch_versions", body)
    (error,) = read_problem(answer, 422, "batch-invalid")["errors"]
    assert error["code"] == "forbidden"
    assert send(as_artist, "POST", "assets:batch_versions", body).status_code == 201


def test_a_viewer_may_preview_a_batch(as_viewer: APIClient) -> None:
    with nothing_written():
        answer = send(
            as_viewer,
            "POST",
            "propagation/batch?dry_run=true",
            json.dumps(BATCH).replace("PROJECT", "film"),
        )
    assert (answer.status_code, answer.json()["merged_targets"]) == (200, 2)  # one is pinned


def test_somebody_without_any_project_sees_nothing(film: None) -> None:
    client = APIClient()
    client.force_authenticate(make_user("new"))
    assert client.get("/api/v1/projects").json() == {"data": [], "next": None}
    read_any_problem(client.get("/api/v1/assets/hero"))
