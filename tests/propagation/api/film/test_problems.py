"""Every error is application/problem+json, whoever finds it: the router, the parser or a view."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import get_resolver

from tests.client import APIClient
from tests.processes import ROOT
from tests.propagation.api.asking import (
    list_pointers,
    nothing_written,
    post,
    read_problem,
    send,
)

pytestmark = pytest.mark.django_db
PROPAGATE, BACK = "assets/hero/propagate", "assets/hero/rollback"
GOOD = '{"change_data": {"colour": "blue"}}'
MALFORMED: dict[str, str | bytes] = {
    "nothing of JSON": "change",
    "an end too early": '{"change_data": {',
    "two values": "{} {}",
    "single quotes": "{'change_data': {}}",
    "a comma too many": '{"change_data": {},}',
    "a comment": '{"change_data": {}} // so',
    "NaN": '{"change_data": {"a": NaN}}',
    "Infinity": '{"change_data": {"a": Infinity}}',
    "minus Infinity": '{"change_data": {"a": -Infinity}}',
    "a number beyond all floats": '{"change_data": {"a": 1e999}}',
    "a number below all floats": '{"change_data": {"a": [-1e999]}}',
    "a key twice": '{"change_data": {"a": 1}, "change_data": {}}',
    "a key twice inside": '{"change_data": {"a": [{"b": 1, "b": 1}]}}',
    "NUL in a value": r'{"change_data": {"a": "b\u0000"}}',
    "NUL in a key": r'{"change_data": {"a\u0000": "b"}}',
    "NUL in an identifier": r'{"change_data": {}, "note": "\u0000"}',
    "half a surrogate pair": r'{"change_data": {"a": "\ud800"}}',
    "the other half": r'{"change_data": {"\udfff": "a"}}',
    "halves in the wrong order": r'{"change_data": {"a": "\udc00\ud800"}}',
    "a control character": '{"change_data": {"a": "\x01"}}',
    "an integer of 5000 digits": '{"change_data": {"a": ' + "1" * 5000 + "}}",
    "100 000 levels": '{"change_data": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "100 000 levels without an end": "[" * 100_000,
    "bytes that are not UTF-8": b'{"change_data": {"a": "\xff"}}',
    "Latin-1": '{"change_data": {"a": "é"}}'.encode("latin-1"),
    "UTF-16": GOOD.encode("utf-16"),
    "a surrogate in UTF-8": b'{"change_data": {"a": "\xed\xa0\x80"}}',
    "a byte order mark": b"\xef\xbb\xbf" + GOOD.encode(),
}


def nest(levels: int) -> str:
    """Return a body of so many objects, one in the other."""
    return '{"change_data":' + '{"a":' * (levels - 2) + "{}" + "}" * (levels - 2) + "}"


@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_not_json_is_refused(film: None, api: APIClient, what: str) -> None:
    with nothing_written():
        answer = send(api, "POST", PROPAGATE, MALFORMED[what])
    read_problem(answer, 400, "malformed-json")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("number", ["NaN", "1e999"])
def test_every_method_reads_its_body_strictly(
    film: None, api: APIClient, method: str, number: str
) -> None:
    answer = send(api, method, "edges", f'{{"attributes": {{"a": {number}}}}}')
    read_problem(answer, 400, "malformed-json")


def test_a_get_reads_its_body_strictly(film: None, api: APIClient) -> None:
    answer = send(api, "GET", "assets/hero/dependencies", '{"depth": NaN}')
    read_problem(answer, 400, "malformed-json")


@pytest.mark.parametrize("body", ["[]", '[{"change_data": {}}]', '"change_data"', "1", "null"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", PROPAGATE), ("GET", "assets/hero/dependencies")]
)
def test_a_body_that_is_no_object_is_malformed(
    film: None, api: APIClient, method: str, path: str, body: str
) -> None:
    with nothing_written():
        answer = send(api, method, path, body)
    read_problem(answer, 400, "malformed-json")


def test_32_levels_are_read_and_33_are_not(film: None, api: APIClient) -> None:
    assert send(api, "POST", PROPAGATE, nest(32)).status_code == 202
    read_problem(send(api, "POST", PROPAGATE, nest(33)), 400, "malformed-json")


def test_the_deepest_of_32_levels_may_hold_a_value(film: None, api: APIClient) -> None:
    assert send(api, "POST", PROPAGATE, nest(32).replace("{}", '{"a": "deep"}')).status_code == 202


def test_a_surrogate_pair_is_one_character(film: None, api: APIClient) -> None:
    body = r'{"change_data": {"a": "\ud83d\ude00"}}'
    assert send(api, "POST", PROPAGATE, body).status_code == 202
    assert api.get("/api/v1/assets/hero").json()["content"]["a"] == "😀"


def test_five_megabytes_are_read_and_a_byte_more_is_not(film: None, api: APIClient) -> None:
    padding = 5_000_000 - len(GOOD)
    assert send(api, "POST", PROPAGATE, GOOD + " " * padding).status_code == 202
    answer = send(api, "POST", PROPAGATE, GOOD + " " * (padding + 1))
    read_problem(answer, 413, "payload-too-large")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "",
        "nonsense",
        "multipart/form-data; boundary=x",
        "application/merge-patch+json",
    ],
)
def test_a_body_that_is_not_said_to_be_json_is_refused(
    film: None, api: APIClient, content_type: str
) -> None:
    answer = send(api, "POST", PROPAGATE, GOOD, CONTENT_TYPE=content_type)
    read_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;"]
)
def test_the_parameters_of_the_content_type_do_not_matter(
    film: None, api: APIClient, content_type: str
) -> None:
    assert send(api, "POST", PROPAGATE, GOOD, CONTENT_TYPE=content_type).status_code == 202


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "nonsense"])
def test_an_answer_in_another_format_is_refused(film: None, api: APIClient, accept: str) -> None:
    read_problem(api.get("/api/v1/projects", HTTP_ACCEPT=accept), 406, "not-acceptable")


@pytest.mark.parametrize("accept", ["*/*", "application/*", "text/html, application/json;q=0.1"])
def test_json_is_answered_whenever_it_is_accepted(film: None, api: APIClient, accept: str) -> None:
    answer = api.get("/api/v1/projects", HTTP_ACCEPT=accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", PROPAGATE, {"POST", "OPTIONS"}),
        ("PUT", "assets/hero/rollback", {"POST", "OPTIONS"}),
        ("POST", "assets/hero/dependencies", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "assets/hero", {"GET", "HEAD", "PATCH", "OPTIONS"}),
        ("PATCH", "edges", {"POST", "DELETE", "OPTIONS"}),
        ("TRACE", "projects", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("BREW", "projects", {"GET", "HEAD", "POST", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    film: None, api: APIClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = send(api, method, path)
    read_problem(answer, 405, "method-not-allowed")
    assert set(answer["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path",
    [
        "",
        "nothing",
        "projects/",
        "assets",
        "assets/hero/",
        "assets//propagate",
        "assets/a/b",
        "assets/hero/propagate/",
        "assets/hero/versions/",
        "assets/hero/versions/one",
        "assets/hero/versions/-1",
        "assets/hero/versions/1.0",
        "runs/one",
        "runs/-1",
        "runs/",
        "runs/" + "9" * 5000,
        "projects/film/props",
        "propagation",
        "edges/1",
        "../admin/x",
        "projects/%00",
        "assets/%00",
        "assets/hero%00/versions",
    ],
)
def test_a_path_that_no_route_knows_is_a_problem_too(film: None, api: APIClient, path: str) -> None:
    read_problem(api.get(f"/api/v1/{path}"), 404, "not-found")


@pytest.mark.parametrize("run_id", ["0", str(2**31), str(2**63 - 1), str(2**63), "9" * 400])
def test_a_run_id_that_no_row_can_have_is_not_found(
    film: None, api: APIClient, run_id: str
) -> None:
    for path in (f"runs/{run_id}", f"runs/{run_id}/items"):
        read_problem(api.get(f"/api/v1/{path}"), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "projects"),
        ("GET", "projects/film"),
        ("GET", "projects/film/runs"),
        ("GET", "projects/film/assets"),
        ("GET", "projects/film/propagation-status"),
        ("GET", "assets/hero"),
        ("GET", "assets/hero/versions"),
        ("GET", "assets/hero/versions/1"),
        ("GET", "assets/hero/dependencies"),
        ("POST", "assets/hero/propagate"),
        ("POST", "assets/hero/rollback"),
        ("POST", "propagation/batch"),
    ],
)
def test_an_unknown_parameter_is_refused_everywhere(
    film: None, api: APIClient, method: str, path: str
) -> None:
    with nothing_written():
        answer = send(api, method, f"{path}?colour=blue", GOOD if method == "POST" else "")
    assert "colour" in read_problem(answer, 400, "unknown-parameter")["detail"]


def test_a_format_is_asked_for_by_a_header_and_not_by_a_parameter(
    film: None, api: APIClient
) -> None:
    for format_ in ("json", "xml"):
        answer = api.get(f"/api/v1/projects?format={format_}")
        assert "format" in read_problem(answer, 400, "unknown-parameter")["detail"]


@pytest.mark.parametrize(
    ("path", "near"),
    [("projects?limt=1", "limit"), ("projects/film/shots?cursr=1", "cursor")],
)
def test_a_misspelt_parameter_is_told_the_near_one(
    film: None, api: APIClient, path: str, near: str
) -> None:
    problem = read_problem(api.get(f"/api/v1/{path}"), 400, "unknown-parameter")
    assert repr(near) in problem["detail"]


@pytest.mark.parametrize("value", ["", "2", "maybe", "true,false", "\x00"])
@pytest.mark.parametrize("path", [PROPAGATE, "assets/hero/rollback", "propagation/batch"])
def test_a_dry_run_that_is_neither_true_nor_false_does_not_run(
    film: None, api: APIClient, path: str, value: str
) -> None:
    with nothing_written():
        answer = api.post(f"/api/v1/{path}", {}, format="json", QUERY_STRING=f"dry_run={value}")
    assert list_pointers(read_problem(answer, 422, "validation-error")) == ["/dry_run"]


def test_several_wrong_fields_are_named_together(film: None, api: APIClient) -> None:
    body = {"change_data": 1, "propagation_mode": "x", "notify_users": "x", "note": []}
    pointers = list_pointers(read_problem(post(api, PROPAGATE, body), 422, "validation-error"))
    assert pointers == ["/change_data", "/propagation_mode", "/notify_users", "/note"]


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        (PROPAGATE, {"change_data": {}, "notify_users": 1}, ["/notify_users"]),
        (PROPAGATE, {"change_data": {}, "note": 5}, ["/note"]),
        (PROPAGATE, {"change_data": {}, "exclude": ["a", 5]}, ["/exclude/1"]),
        (
            "assets/hero/rollback",
            {"version_number": "1", "reason": "as it was"},
            ["/version_number"],
        ),
        (
            "assets/hero/rollback",
            {"version_number": True, "reason": "as it was"},
            ["/version_number"],
        ),
        ("projects/film/holds/approve", {"ids": ["1"]}, ["/ids/0"]),
    ],
)
def test_a_value_of_another_type_is_refused_although_it_could_be_read(
    film: None, api: APIClient, path: str, body: dict[str, Any], pointers: list[str]
) -> None:
    with nothing_written():
        problem = read_problem(post(api, path, body), 422, "validation-error")
    assert list_pointers(problem) == pointers


def test_a_pointer_escapes_what_would_part_it(film: None, api: APIClient) -> None:
    answer = post(api, PROPAGATE, {"change_data": {}, "a/b~c": 1})
    assert list_pointers(read_problem(answer, 422, "unknown-field")) == ["/a~1b~0c"]


def test_no_name_of_a_field_means_the_object_itself(film: None, api: APIClient) -> None:
    answer = post(api, PROPAGATE, {"change_data": {}, "non_field_errors": 1})
    assert list_pointers(read_problem(answer, 422, "unknown-field")) == ["/non_field_errors"]


def test_each_problem_has_a_request_id_of_its_own(film: None, api: APIClient) -> None:
    ids = {read_problem(api.get("/api/v1/runs/0"), 404, "not-found")["request_id"] for _ in "ab"}
    assert len(ids) == 2


def test_a_fault_of_ours_is_a_problem_below_the_api_only() -> None:
    answer_fault = get_resolver().resolve_error_handler(500)
    answer = answer_fault(RequestFactory().get("/api/v1/projects"))
    assert read_problem(answer, 500, "internal")["instance"] == "/api/v1/projects"
    answer = answer_fault(RequestFactory().get("/admin/"))
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/html; charset=utf-8")


def test_a_request_for_another_host_is_a_problem_below_the_api_only(api: APIClient) -> None:
    answer = api.get("/api/v1/projects", HTTP_HOST="evil.example")
    assert read_problem(answer, 400, "bad-request")["instance"] == "/api/v1/projects"
    answer = api.get("/admin/", HTTP_HOST="evil.example")
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/html; charset=utf-8")


def test_the_problems_can_be_imported_before_the_views() -> None:
    code = "import django; django.setup(); import propagation.api.problems"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)


def test_a_header_cannot_be_smuggled_in_by_an_identifier(film: None, api: APIClient) -> None:
    answer = api.get("/api/v1/assets/hero%0d%0aX-Evil:%20yes")
    read_problem(answer, 404, "not-found")
    assert not answer.has_header("X-Evil")
