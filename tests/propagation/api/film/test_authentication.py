"""Who somebody is: tokens, sessions, and that nothing answers without either."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.admindocs.views import simplify_regex
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from django.utils import timezone

from propagation.models import AccessToken
from tests.builders import make_user
from tests.client import APIClient
from tests.propagation.api.asking import Answer, make_token, read_problem

pytestmark = pytest.mark.django_db
PROPAGATE = "/api/v1/assets/hero/propagate"
BODY = {"change_data": {"colour": "blue"}}
OPEN_PATHS = {
    "/api/v1/openapi.json": (200, 405),
    "/api/v1/docs": (200, 405),
    "/api/v1/redoc": (200, 405),
    "/health/live": (200,),
    "/health/ready": (200, 503),
}


def get_projects(token: str) -> Answer:
    """Ask with the token."""
    return APIClient().get("/api/v1/projects", HTTP_AUTHORIZATION=f"Bearer {token}")


def read_refusal(response: Answer) -> None:
    """Check that it is a 401 that names its challenge."""
    read_problem(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"] == "Bearer"


def test_the_token_that_the_command_prints_lets_one_in(film: None) -> None:
    token = make_token("ann", "--project", "film", "--role", "artist")
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert [one["id"] for one in client.get("/api/v1/projects").json()["data"]] == ["film"]
    assert client.post(PROPAGATE, BODY, format="json").status_code == 202


def test_no_token_is_stored_as_it_is(film: None) -> None:
    token = make_token("ann")
    stored = AccessToken.objects.get()
    assert token not in (stored.digest, stored.token_key)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "x",
        "Token x",
        "Basic YTpi",
        "Bearer",
        "Bearer ",
        "Bearer no",
        "Bearer a b",
        "Bearer \xff",
        "\xff",
        "Bearer " + "x" * 9999,
    ],
)
def test_a_header_without_a_token_of_ours_is_refused(film: None, header: str) -> None:
    make_token("ann")
    read_refusal(APIClient().get("/api/v1/projects", HTTP_AUTHORIZATION=header))


def test_a_token_that_differs_in_its_last_letter_is_refused(film: None) -> None:
    token = make_token("ann")
    read_refusal(get_projects(token[:-1] + ("0" if token[-1] != "0" else "1")))
    assert get_projects(token).status_code == 200


def test_a_revoked_token_is_refused(film: None) -> None:
    token = make_token("ann")
    AccessToken.objects.all().delete()
    read_refusal(get_projects(token))


def test_an_expired_token_is_refused(film: None) -> None:
    token = make_token("ann")
    AccessToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    read_refusal(get_projects(token))


def test_the_token_of_somebody_who_left_is_refused(film: None) -> None:
    token = make_token("ann")
    User.objects.update(is_active=False)
    read_refusal(get_projects(token))


def test_a_token_in_the_url_lets_nobody_in(film: None) -> None:
    token = make_token("ann")
    read_refusal(APIClient().get(f"/api/v1/projects?token={token}"))


def test_a_session_reads_and_with_a_csrf_token_writes(film: None, director: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(director)
    assert client.get("/api/v1/projects").status_code == 200
    answer = client.post(PROPAGATE, BODY, content_type="application/json")
    assert "CSRF" in read_problem(answer, 403, "forbidden")["detail"]
    client.cookies["csrftoken"] = "a" * 32
    answer = client.post(
        PROPAGATE, BODY, content_type="application/json", headers={"X-CSRFToken": "a" * 32}
    )
    assert answer.status_code == 202


def test_a_token_needs_no_csrf_token(film: None) -> None:
    client = Client(enforce_csrf_checks=True)
    headers = {"Authorization": f"Bearer {make_token('ann', '--superuser')}"}
    answer = client.post(PROPAGATE, BODY, content_type="application/json", headers=headers)
    assert answer.status_code == 202


def list_paths(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Yield a path for every route, with 1 for each of its parameters."""
    for entry in resolver.url_patterns:
        if isinstance(entry.pattern, RoutePattern):
            own = str(entry.pattern)
        else:
            own = simplify_regex(str(entry.pattern)).lstrip("/")
        path = prefix + re.sub(r"<[^>]+>", "1", own.replace("<app_label>", "auth"))
        if isinstance(entry, URLResolver):
            yield from list_paths(entry, path)
        else:
            yield f"/{path}"


def test_nothing_but_health_and_sign_in_answers_without_authentication(film: None) -> None:
    paths = set(list_paths(get_resolver()))
    assert {"/", "/admin/", "/api/v1/assets/1/propagate", *OPEN_PATHS} <= paths
    client = Client()
    for path in sorted(paths):
        for method in ("get", "post"):
            _check_refusal(path, getattr(client, method)(path))


def _check_refusal(path: str, response: Answer) -> None:
    if path in OPEN_PATHS:
        assert response.status_code in OPEN_PATHS[path]
    elif path.startswith(("/api/", "/metrics")):
        read_refusal(response)
    elif path == "/admin/login/":
        assert response.status_code in (200, 405)
    else:
        assert response.status_code in (302, 405), (path, response.status_code)
        assert response.status_code == 405 or response["Location"].startswith("/admin/")


def test_a_page_of_the_admin_leads_those_who_are_nobody_to_sign_in(film: None) -> None:
    make_user("ann")
    answer = Client().get("/admin/assets/project/")
    assert answer["Location"].startswith("/admin/login/")
