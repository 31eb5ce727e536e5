"""If-Match and ETag: a change that says which version it started from."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from rest_framework.test import APIClient as DRFClient

from tests.builders import change, load, make_user, star
from tests.client import APIClient
from tests.contract import find_operation
from tests.propagation.api.asking import nothing_written, post, read_problem, send

pytestmark = pytest.mark.django_db
BODY = {"change_data": {"colour": "blue"}}
BACK = {"version_number": 1, "reason": "as it was"}
STRICT = {"HTTP_PREFER": "handling=strict"}
"""Who does not want a change merged says so (RFC 7240, 4.4); a roll back never is."""
REQUESTS = [
    ("assets/hero/propagate?dry_run=true", BODY),
    ("assets/hero/rollback?dry_run=true", BACK),
    ("assets/hero/propagate", BODY),
    ("assets/hero/rollback", BACK),
]
ETAG = re.compile(r'"[!\x23-\x7e]*"')
"""A strong one (RFC 9110, 8.8.3)."""
CODES = [
    "ü",
    "пальто",
    "😀",
    'a"b',
    "50%",
    "a b",
    " a ",
    "it's",
    "back\\slash",
    "a,b",
    "x_v2",
    "%22",
]


def test_the_current_version_is_accepted(film: None, api: APIClient) -> None:
    change("hero", hat="tall")
    answer = post(api, "assets/hero/propagate", BODY, HTTP_IF_MATCH='"hero_v2"')
    assert (answer.status_code, answer.json()["version"]) == (202, "hero_v3")


def test_a_star_accepts_any_version(film: None, api: APIClient) -> None:
    answer = post(api, "assets/hero/propagate", BODY, HTTP_IF_MATCH="*")
    assert answer.status_code == 202


def test_an_older_version_is_refused(film: None, api: APIClient) -> None:
    change("hero", hat="tall")
    for path, body in REQUESTS:
        with nothing_written():
            answer = post(api, path, body, HTTP_IF_MATCH='"hero_v1"', **STRICT)
        assert read_problem(answer, 412, "version-conflict")["current_version"] == "hero_v2", path
        assert answer["ETag"] == '"hero_v2"'


def test_the_version_that_a_refusal_names_is_accepted(film: None, api: APIClient) -> None:
    change("hero", hat="tall")
    for path, body in REQUESTS:
        refused = post(api, path, body, HTTP_IF_MATCH='"hero_v1"', **STRICT)
        answer = post(api, path, body, HTTP_IF_MATCH=refused["ETag"])
        assert answer.status_code in (200, 202), path


def test_a_version_that_is_not_there_yet_is_refused(film: None, api: APIClient) -> None:
    answer = post(api, "assets/hero/propagate", BODY, HTTP_IF_MATCH='"hero_v999999999"')
    read_problem(answer, 412, "version-conflict")


@pytest.mark.parametrize(
    "header",
    [
        "",
        '""',
        "hero_v1",
        'W/"hero_v1"',
        '"hero_v01"',
        '"hero_v-1"',
        '"hero_v"',
        '"hero"',
        '"shot-00001_v1"',
        '"HERO_v1"',
        '"film:hero_v1"',
        '"hero_v1',
        '"hero_v9999999999999999999"',
        '"hero_v\u0661"',
        "\xff",
        '"hero_v1"x',
        '"*"',
        "a" * 60_000,
    ],
)
def test_what_is_no_version_of_the_entity_is_refused(
    film: None, api: APIClient, header: str
) -> None:
    with nothing_written():
        answer = post(api, "assets/hero/propagate", BODY, HTTP_IF_MATCH=header)
    assert '"hero_v1"' in read_problem(answer, 400, "bad-etag")["detail"]


@pytest.mark.parametrize("code", CODES)
def test_an_etag_comes_back_as_it_went_whatever_the_code(api: APIClient, code: str) -> None:
    load({"assets": [{"id": code, "type": "prop"}]})
    path = f"assets/{quote(code, safe='')}"
    first = api.get(f"/api/v1/{path}")["ETag"]
    assert first.isascii()
    assert first.count('"') == 2
    second = post(api, f"{path}/propagate", BODY, HTTP_IF_MATCH=first)
    assert (second.status_code, second.json()["version"]) == (202, f"{code}_v2")
    third = post(api, f"{path}/propagate", BODY, HTTP_IF_MATCH=first, **STRICT)
    read_problem(third, 412, "version-conflict")
    fourth = post(api, f"{path}/propagate", BODY, HTTP_IF_MATCH=second["ETag"])
    assert fourth.status_code == 200


@pytest.mark.parametrize("code", CODES)
def test_an_etag_is_one_of_the_rfc_and_of_the_document(api: APIClient, code: str) -> None:
    load({"assets": [{"id": code, "type": "prop"}]})
    path = f"/api/v1/assets/{quote(code, safe='')}"
    tag = api.get(path)["ETag"]
    assert ETAG.fullmatch(tag)
    assert re.match(find_pattern("entity", "patch"), tag)
    remarked = api.get(f"{path}/versions/1")["ETag"]
    assert ETAG.fullmatch(remarked)
    for name, method in [("version", "patch"), ("best", "put"), ("propagate", "post")]:
        assert re.match(find_pattern(name, method), remarked), name
    assert api.get(path, HTTP_IF_NONE_MATCH=f'"other", {tag}').status_code == 304


def test_different_codes_have_different_etags(api: APIClient) -> None:
    load({"assets": [{"id": code, "type": "prop"} for code in CODES]})
    paths = [f"/api/v1/assets/{quote(code, safe='')}" for code in CODES]
    assert len({api.get(path)["ETag"] for path in paths}) == len(CODES)


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        ("settings", "projects/film", {"strict_writes": False}),
        ("member", "projects/film/members/artist", {"role": "artist"}),
        ("rule", "projects/film/rules/keep", {"action": "ignore"}),
        ("webhook", "webhooks/WEBHOOK", {"is_enabled": False}),
    ],
)
def test_what_is_no_version_is_changed_by_the_etag_of_its_get(
    film: None, api: APIClient, settings: LazySettings, name: str, path: str, body: dict[str, Any]
) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["hooks.test"]
    make_user("artist")
    for made, given in [("members/artist", {"role": "viewer"}), ("rules/keep", {"action": "hold"})]:
        there = send(api, "PUT", f"projects/film/{made}", json.dumps(given))
        assert there.status_code in (200, 201)
    hook = send(api, "POST", "projects/film/webhooks", '{"url": "https://hooks.test/"}').json()
    path = path.replace("WEBHOOK", str(hook["id"]))
    tag = api.get(f"/api/v1/{path}")["ETag"]
    method, path = {
        "settings": ("PATCH", f"{path}/settings"),
        "webhook": ("PATCH", path),
    }.get(name, ("PUT", path))
    assert re.match(find_pattern(name, method.lower()), tag)
    for garbage in ("", "hero", '"half', "W/", "\xff"):
        with nothing_written():
            answer = send(api, method, path, json.dumps(body), HTTP_IF_MATCH=garbage)
        assert "quotes" in read_problem(answer, 400, "bad-etag")["detail"], garbage
    with nothing_written():
        stale = send(api, method, path, json.dumps(body), HTTP_IF_MATCH='W/"0123456789abcdef"')
    assert stale["ETag"] == tag
    read_problem(stale, 412, "version-conflict")
    done = send(api, method, path, json.dumps(body), HTTP_IF_MATCH=f'"other", {tag}')
    assert done.status_code == 200


def find_pattern(name: str, method: str) -> str:
    """Return what the document says of If-Match."""
    operation = find_operation(name, method)
    assert operation is not None
    [header] = [one for one in operation["parameters"] if one["name"] == "If-Match"]
    pattern: str = header["schema"]["pattern"]
    return pattern


GUARDED = [
    ("PATCH", "projects/film/settings", {"strict_writes": False}),
    ("PUT", "projects/film/rules/keep", {"action": "ignore"}),
    ("DELETE", "projects/film/rules/keep", {}),
    ("PUT", "assets/shot-00000/pins", {"source": "hero", "reason": "graded"}),
    ("DELETE", "assets/shot-00000/pins", {"source": "hero"}),
    ("DELETE", "edges", {"source": "hero", "target": "shot-00000"}),
    ("PUT", "assets/hero/best", {"version": 1}),
    ("PATCH", "assets/hero/versions/1", {"status": "approved"}),
    ("PATCH", "webhooks/WEBHOOK", {"is_enabled": False}),
    ("DELETE", "webhooks/WEBHOOK", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), GUARDED)
def test_a_write_has_to_say_what_was_read(
    db: None,
    director: User,
    settings: LazySettings,
    method: str,
    path: str,
    body: dict[str, Any],
) -> None:
    del db
    settings.WEBHOOK_ALLOWED_HOSTS = ["hooks.test"]
    load(star(1))
    api = DRFClient()  # which adds nothing
    api.force_authenticate(director)
    assert send(api, "PUT", "projects/film/rules/keep", '{"action": "hold"}').status_code == 200
    hook = send(api, "POST", "projects/film/webhooks", '{"url": "https://hooks.test/"}').json()
    path, text = path.replace("WEBHOOK", str(hook["id"])), json.dumps(body)
    with nothing_written():
        problem = read_problem(send(api, method, path, text), 428, "precondition-required")
    assert "*" in problem["detail"]
    with nothing_written():
        assert send(api, method, path, text, HTTP_IF_MATCH='"hero_v9"').status_code in (400, 412)
    assert send(api, method, path, text, HTTP_IF_MATCH="*").status_code in (200, 202, 204)
