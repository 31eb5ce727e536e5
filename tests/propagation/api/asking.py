"""How the tests ask the API, and what holds for every problem that it answers."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any, TypeAlias

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework import test

from assets.models import Project
from propagation.models import AuditEntry, Conflict, Event, EventCounter, StoredPlan
from tests.client import APIClient

PROBLEM_MEMBERS = {"type", "title", "status", "code", "detail", "instance", "request_id"}
Answer: TypeAlias = Any
"""What a client answers with: Django's, whose type does not know its json(), or httpx's."""
OWN_APPS = ("assets", "versions", "propagation")


def post(api: APIClient, path: str, body: object, **headers: str) -> Answer:
    """POST the value as JSON; headers in Django's spelling (HTTP_IF_MATCH)."""
    return send(api, "POST", path, json.dumps(body), **headers)


def send(
    api: test.APIClient, method: str, path: str, raw: str | bytes = b"", **headers: str
) -> Answer:
    """Send the body as it is, as JSON unless CONTENT_TYPE says otherwise."""
    given: dict[str, Any] = {"content_type": "application/json", "data": raw} | {
        "content_type" if name == "CONTENT_TYPE" else name: value for name, value in headers.items()
    }
    return api.generic(method, f"/api/v1/{path}", **given)


def read_problem(response: Answer, status: int, code: str) -> dict[str, Any]:
    """Return the problem after checking that it is one, with this status and code."""
    body = read_any_problem(response)
    assert (body["status"], body["code"]) == (status, code), body
    return body


def read_any_problem(response: Answer) -> dict[str, Any]:
    """Return the problem after checking all that RFC 9457 and our own rules say of it."""
    content_type = response.headers["Content-Type"]
    assert content_type == "application/problem+json", (response.status_code, response.content)
    body: dict[str, Any] = json.loads(response.content)
    assert body.keys() >= PROBLEM_MEMBERS
    assert body["status"] == response.status_code
    assert body["type"] == f"/problems/{body['code']}"
    assert body["title"]
    assert body["detail"]
    assert body["instance"].startswith(("/api/v1", "/metrics"))
    assert len(body["request_id"]) == 32
    return body


def read_bytes(response: Answer) -> bytes:
    """Return the bytes of an answer that streams a file, which closes it."""
    return b"".join(response.streaming_content)


def list_pointers(problem: dict[str, Any]) -> list[str]:
    """Return where the problem's field errors lie."""
    return [error["pointer"] for error in problem["errors"]]


def make_token(name: str, *arguments: str) -> str:
    """Return the token that `manage.py token` prints for the user."""
    output = StringIO()
    call_command("token", name, *arguments, stdout=output)
    return output.getvalue().splitlines()[-1]


KEPT_OF_A_CONFLICT = {
    AuditEntry,
    Conflict,
    Conflict.affected_users.through,
    Event,
    EventCounter,
}


@contextmanager
def nothing_written(besides: Collection[Any] = ()) -> Iterator[None]:
    """Check that the block adds or removes no row of ours and moves no graph revision.

    What a dry run showed is kept for a day; that is not a part of the production. besides: models
    of which it may add rows.
    """
    before = _take_stock(besides)
    yield
    assert _take_stock(besides) == before


@contextmanager
def only_a_conflict_written() -> Iterator[None]:
    """Check that the block keeps one conflict with the news of it, and changes nothing else."""
    before = Conflict.objects.count()
    with nothing_written(KEPT_OF_A_CONFLICT):
        yield
    assert Conflict.objects.count() == before + 1


def count_statements(api: APIClient, method: str, path: str, body: object = None) -> int:
    """Return how many SQL statements a request takes that has to succeed."""
    with CaptureQueriesContext(connection) as captured:
        response = send(api, method, path, b"" if body is None else json.dumps(body))
    assert response.status_code in (200, 201, 202), response.content
    return len(captured)


def _take_stock(besides: Collection[Any]) -> dict[str, object]:
    """Count the rows of all our tables, in one statement."""
    ours = {model for label in OWN_APPS for model in apps.get_app_config(label).get_models()}
    tables = sorted(model._meta.db_table for model in ours - {StoredPlan, *besides})
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(map(_count, tables)))
        counts = dict(cursor.fetchall())
    return {**counts, "revisions": list(Project.objects.values_list("code", "graph_revision"))}


def _count(table: str) -> str:
    return f"SELECT '{table}', COUNT(*) FROM \"{table}\""  # noqa: S608 (the name of our table)
