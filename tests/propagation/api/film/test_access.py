"""What one may not reach by a detour: projects of others do not exist, whatever names them."""

import json

import pytest

from assets.models import Role
from tests.builders import load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    nothing_written,
    read_any_problem,
    read_problem,
    send,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def stranger(film: None) -> APIClient:
    """Return a client of the admin of another project."""
    del film
    load(star(1), code="other")
    client = APIClient()
    client.force_authenticate(make_user("stranger", roles={"other": Role.ADMIN}))
    return client


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


def test_somebody_without_any_project_sees_nothing(film: None) -> None:
    client = APIClient()
    client.force_authenticate(make_user("new"))
    assert client.get("/api/v1/projects").json() == {"data": [], "next": None}
    read_any_problem(client.get("/api/v1/assets/hero"))
