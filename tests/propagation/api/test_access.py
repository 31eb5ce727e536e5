"""Who may see and do what: projects of others do not exist, and roles limit what one may do."""

import json
from dataclasses import dataclass

import pytest
from django.urls import URLPattern
from rest_framework.test import APIClient

from assets.models import Role
from propagation.api.urls import urlpatterns
from tests.builders import change, load, make_user, star
from tests.propagation.api.asking import (
    Answer,
    nothing_written,
    read_any_problem,
    read_problem,
    send,
)

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request that somebody with this role may make, to the route of this name."""

    route: str
    path: str
    method: str = "GET"
    body: object = None
    role: Role = Role.VIEWER

    def send(self, api: APIClient, *, project: str = "film", run: object = 1) -> Answer:
        """Send it, with the project's code and the run's id filled in."""
        raw = b"" if self.body is None else json.dumps(self.body).replace("PROJECT", project)
        path = self.path.replace("PROJECT", project).replace("RUN", str(run))
        return send(api, self.method, path, raw)


CHANGE = {"change_data": {"hat": "tall"}}
BACK = {"version_number": 1, "reason": "as it was"}
EDGE = {"source": "PROJECT:shot-00000", "target": "PROJECT:shot-00001"}
OLD_EDGE = {"source": "PROJECT:hero", "target": "PROJECT:shot-00001", "role": "character"}
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
    Request(route="run", path="runs/RUN"),
    Request(route="run-items", path="runs/RUN/items"),
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
    Request(route="edges", path="edges", method="POST", body=EDGE, role=Role.ARTIST),
    Request(route="edges", path="edges", method="DELETE", body=OLD_EDGE, role=Role.ARTIST),
    Request(
        route="rollback",
        path="assets/PROJECT:hero/rollback",
        method="POST",
        body=BACK,
        role=Role.SUPERVISOR,
    ),
]
OF_ALL_PROJECTS = {"projects", "batch"}
"""Routes that answer for every project that one may see; each has a test of its own below."""


@pytest.fixture
def run_id(film: None) -> int:
    """Have a run in the film, and return its id."""
    del film
    run = change("hero", colour="red").run
    assert run
    return run.pk


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
    assert routes == {request.route for request in REQUESTS} | OF_ALL_PROJECTS


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_a_project_of_others_answers_as_one_that_does_not_exist(
    stranger: APIClient, run_id: int, request_: Request
) -> None:
    with nothing_written():
        present = read_problem(request_.send(stranger, run=run_id), 404, "not-found")
        absent = read_problem(
            request_.send(stranger, project="none", run=123_456), 404, "not-found"
        )
    for problem in (present, absent):
        del problem["request_id"]
    same = json.dumps(present).replace("film", "none").replace(f"un {run_id} ", "un 123456 ")
    assert json.loads(same.replace(f"runs/{run_id}", "runs/123456")) == absent


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_a_role_may_do_what_it_may_and_no_more(
    run_id: int,
    request_: Request,
    as_viewer: APIClient,
    as_artist: APIClient,
    as_supervisor: APIClient,
) -> None:
    clients = {Role.VIEWER: as_viewer, Role.ARTIST: as_artist, Role.SUPERVISOR: as_supervisor}
    for role, client in clients.items():
        if role.includes(request_.role):
            response = request_.send(client, run=run_id)
            assert response.status_code in (200, 202), response.content
            break
        with nothing_written():
            problem = read_problem(request_.send(client, run=run_id), 403, "forbidden")
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


def test_a_viewer_may_preview_a_batch(as_viewer: APIClient) -> None:
    with nothing_written():
        answer = send(
            as_viewer,
            "POST",
            "propagation/batch?dry_run=true",
            json.dumps(BATCH).replace("PROJECT", "film"),
        )
    assert (answer.status_code, answer.json()["merged_targets"]) == (200, 3)


def test_somebody_without_any_project_sees_nothing(film: None) -> None:
    client = APIClient()
    client.force_authenticate(make_user("new"))
    assert client.get("/api/v1/projects").json() == {"data": [], "next": None}
    read_any_problem(client.get("/api/v1/assets/hero"))
