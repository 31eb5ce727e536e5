"""Texts that no database can hold, NUL and half surrogate pairs, at every door of the API."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.client import APIClient
from tests.contract import load_document
from tests.propagation.api.asking import nothing_written, read_any_problem, read_problem, send

pytestmark = pytest.mark.django_db
UNSTORABLE = {"NUL": "\0", "half a pair": "\ud800", "the other half": "\udfff"}
IDS = {"asset_id": "hero", "project_id": "film", "number": "1", "username": "director"}
ABSENT = "1"
"""What stands for all other ids; 404, before or after the body is read."""

Door = tuple[str, str, dict[str, Any]]


def list_doors() -> Iterator[Door]:
    """Yield method, path and operation of all that the API does."""
    for template, methods in load_document()["paths"].items():
        for method, operation in methods.items():
            parameters = operation.get("parameters", ())
            names = [one["name"] for one in parameters if one["in"] == "path"]
            ids = {name: IDS.get(name, ABSENT) for name in names}
            yield method.upper(), template.removeprefix("/api/v1/").format(**ids), operation


def list_bodies() -> Iterator[tuple[Door, str]]:
    """Yield those that take JSON, each with a media type that it does."""
    for door in list_doors():
        for media_type in door[2].get("requestBody", {}).get("content", ()):
            if media_type.endswith("json"):
                yield door, media_type


@pytest.mark.parametrize("text", UNSTORABLE.values(), ids=UNSTORABLE)
def test_no_body_brings_one(film: None, api: APIClient, text: str) -> None:
    refused = set()
    for (method, path, operation), media_type in list_bodies():
        for value in ({"name": text}, {text: 1}, {"a": [{"b": text}]}):
            with nothing_written():
                answer = send(api, method, path, json.dumps(value), CONTENT_TYPE=media_type)
            if answer.status_code == 404 and f"/{ABSENT}" in path:
                read_any_problem(answer)
            else:
                read_problem(answer, 400, "malformed-json")
                refused.add(operation["operationId"])
    assert len(refused) > 25


@pytest.mark.parametrize("text", UNSTORABLE.values(), ids=UNSTORABLE)
def test_no_query_and_no_path_brings_one(film: None, api: APIClient, text: str) -> None:
    written = quote(text, errors="surrogatepass")
    # In a URL half a pair is no UTF-8, and read as the sign that stands for what is none.
    statuses = {400, 404, 422} | (set() if text == "\0" else {200})
    asked = 0
    for method, path, operation in list_doors():
        for one in operation.get("parameters", ()):
            if one["in"] == "query":
                where = f"{path}?{one['name']}={written}"
            elif one["in"] == "path":
                where = path.replace(IDS.get(one["name"], ABSENT), written, 1)
            else:
                continue
            with nothing_written():
                answer = send(api, method, where, "{}")
            assert answer.status_code in statuses, (method, where, answer.content)
            if answer.status_code != 200:
                read_any_problem(answer)
            asked += 1
    assert asked > 250
