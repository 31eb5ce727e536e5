"""Which entity an identifier names: bare codes, project:code, and codes that hold colons."""

import pytest

from assets.models import Role
from tests.builders import load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import post, read_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_films(film: None) -> None:
    """Have two projects with the same codes."""
    del film
    load(star(2), code="other")


def get_project(api: APIClient, identifier: str) -> str:
    """Return the project of the entity that the identifier names."""
    project: str = api.get(f"/api/v1/assets/{identifier}").json()["project_id"]
    return project


def test_a_bare_code_is_enough_while_it_is_unambiguous(film: None, api: APIClient) -> None:
    assert get_project(api, "hero") == get_project(api, "film:hero") == "film"


def test_an_ambiguous_code_is_answered_with_its_candidates(two_films: None, api: APIClient) -> None:
    problem = read_problem(api.get("/api/v1/assets/hero"), 409, "ambiguous-code")
    assert problem["candidates"] == ["film:hero", "other:hero"]
    assert [get_project(api, one) for one in problem["candidates"]] == ["film", "other"]


@pytest.mark.parametrize("path", ["propagate", "rollback"])
def test_an_ambiguous_code_is_never_changed(two_films: None, api: APIClient, path: str) -> None:
    body = {"propagate": {"change_data": {}}, "rollback": {"version_number": 1, "reason": "x"}}
    read_problem(post(api, f"assets/hero/{path}", body[path]), 409, "ambiguous-code")


def test_a_code_is_ambiguous_only_among_the_projects_that_one_may_see(two_films: None) -> None:
    client = APIClient()
    client.force_authenticate(make_user("ann", roles={"other": Role.VIEWER}))
    assert get_project(client, "hero") == "other"
    read_problem(client.get("/api/v1/assets/film:hero"), 404, "not-found")


def test_a_code_may_hold_colons(api: APIClient) -> None:
    load({"assets": [{"id": code, "type": "prop"} for code in ("a:b", "::", ":a", "film:x")]})
    for code in ("a:b", "film:a:b", "::", "film:::", ":a", "film::a", "film:x", "film:film:x"):
        assert get_project(api, code) == "film", code


def test_project_and_code_win_over_a_code_that_reads_the_same(api: APIClient) -> None:
    load({"assets": [{"id": "other:x", "type": "prop"}]})
    assert get_project(api, "other:x") == "film"
    load({"assets": [{"id": "x", "type": "prop"}]}, code="other")
    assert get_project(api, "other:x") == "other"
    assert get_project(api, "film:other:x") == "film"


def test_the_code_of_a_project_and_a_colon_name_the_project_itself(
    film: None, api: APIClient
) -> None:
    for identifier in ("film:", "film:film:"):
        answer = api.get(f"/api/v1/assets/{identifier}").json()
        assert (answer["id"], answer["kind"], answer["project_id"]) == ("film:", "project", "film")


@pytest.mark.parametrize(
    "identifier",
    ["HERO", "hero ", "film::", ":hero", "film", "nobody:hero", "film:HERO", "h" * 5000],
)
def test_codes_are_exact(film: None, api: APIClient, identifier: str) -> None:
    read_problem(api.get(f"/api/v1/assets/{identifier}"), 404, "not-found")
