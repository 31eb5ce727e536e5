"""The OpenAPI document: complete, valid, up to date, and to be read without a network."""

import json
import re
from typing import Any, TypedDict

import jsonschema_rs
import pytest
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.test import Client
from rest_framework.views import APIView

from config.management.commands.openapi import make_document
from propagation.api.openapi.comparing import compare_documents
from propagation.api.openapi.operations import OPERATIONS
from propagation.api.openapi.views import DOCUMENT
from propagation.api.openapi.writing import ShapeWriter
from propagation.api.urls import urlpatterns
from tests.client import APIClient
from tests.contract import choose_rows, close, find_operation, load_document, validate
from versions.scope import SCOPE_TYPES


def list_methods() -> set[tuple[str, str]]:
    """Return (name of the route, method) of all that the API does."""
    found = set()
    for route in urlpatterns:
        view: type[APIView] = vars(route.callback)["cls"]
        methods = {one.upper() for one in view.http_method_names if hasattr(view, one)}
        found |= {(str(route.name), one) for one in methods - {"OPTIONS", "HEAD"}}
    return found


def test_every_method_of_every_route_is_described_and_nothing_else() -> None:
    described = {(name, method) for name, methods in OPERATIONS.items() for method in methods}
    assert described == list_methods()


def test_the_document_is_that_of_the_routes_as_they_are() -> None:
    assert make_document() == DOCUMENT.read_text(), "run: .venv/bin/python manage.py openapi"


def test_every_operation_has_an_id_of_its_own_a_summary_and_a_description() -> None:
    operations = [one for path in load_document()["paths"].values() for one in path.values()]
    assert len({one["operationId"] for one in operations}) == len(operations) > 80
    assert all(one["summary"] and one["description"] for one in operations)


def list_examples() -> list[tuple[str, dict[str, Any], Any]]:
    """Return operation, schema and value of every example of a body."""
    return [
        (operation["operationId"], content["schema"], example["value"])
        for path in load_document()["paths"].values()
        for operation in path.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        for example in content.get("examples", {}).values()
    ]


def test_every_example_is_a_body_that_its_schema_takes() -> None:
    examples = list_examples()
    assert len(examples) > 25
    for name, schema, value in examples:
        validate(json.dumps(schema), json.dumps(value).encode(), name)


def test_bodies_refuse_what_they_do_not_know() -> None:
    schemas = load_document()["components"]["schemas"]
    bodies = {name: one for name, one in schemas.items() if name.endswith("Body")}
    assert len(bodies) > 25
    assert all(one["additionalProperties"] is False for one in bodies.values())


@pytest.mark.parametrize("path", ["/api/v1/docs", "/api/v1/redoc"])
def test_a_page_of_the_document_is_made_of_what_is_here(client: Client, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    text = page.content.decode()
    assert "/api/v1/openapi.json" in text
    assert "http" not in text.replace("https://www.w3.org", "")
    assert not re.search(r"<script>|<style| style=| on\w+=", text)
    files = re.findall(r'(?:src|href)="/static/([^"]+)"', text)
    assert len(files) > 1
    assert all(finders.find(one) for one in files)


def test_the_document_is_answered_to_whoever_asks(client: Client) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer["Content-Type"].startswith("application/vnd.oai.openapi+json")
    assert json.loads(answer.content)["openapi"].startswith("3.1")
    assert client.post("/api/v1/openapi.json").status_code == 405


def test_a_member_that_nobody_described_is_found_out() -> None:
    operation = find_operation("project", "get")
    assert operation is not None
    schema = json.dumps(operation["responses"]["200"]["content"]["application/json"]["schema"])
    project = {
        "id": "film",
        "name": "Film",
        "details": {},
        "settings": {"strictness": "field", "strict_writes": False, "leases_lock": False},
        "graph_revision": 0,
        "created_at": "2026-11-20T10:00:00Z",
    }
    validate(schema, json.dumps(project).encode(), "")
    faults: list[dict[str, Any]] = [{"more": 1}, {"name": None}, {"created_at": "yesterday"}]
    for wrong in [*faults, {"settings": {}}]:
        with pytest.raises(AssertionError):
            validate(schema, json.dumps(project | wrong).encode(), "")


@pytest.mark.django_db
def test_rows_are_whole_unless_fields_names_some_members(film: None, api: APIClient) -> None:
    operation = find_operation("assets", "get")
    assert operation is not None
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    whole, part = (json.dumps(choose_rows(schema, are_whole=one)) for one in (True, False))
    some = api.get("/api/v1/projects/film/assets?fields=id,name").content
    for one in (json.dumps(schema), part):
        validate(one, some, "")
    with pytest.raises(AssertionError, match="required"):
        validate(whole, some, "")
    validate(whole, api.get("/api/v1/projects/film/assets").content, "")
    for row in ({}, {"id": 1}, {"more": 1}):
        with pytest.raises(AssertionError):
            validate(part, json.dumps({"data": [row], "next": None}).encode(), "")


def test_a_scope_is_of_a_type_that_the_document_names() -> None:
    operation = find_operation("look-up", "get")
    assert operation is not None
    [one] = [one for one in operation["parameters"] if one["name"] == "type"]
    assert one["schema"]["enum"] == list(SCOPE_TYPES)


def test_only_what_json_knows_can_be_a_shape() -> None:
    class Wrong(TypedDict):
        request: HttpRequest
        response: HttpResponse

    with pytest.raises(TypeError, match="HttpRequest"):
        ShapeWriter().write(Wrong)


def test_a_closed_schema_refuses_what_it_does_not_name() -> None:
    schema = close({"type": "object", "properties": {"a": {}}, "required": []})
    assert jsonschema_rs.is_valid(schema, {"a": 1})
    assert not jsonschema_rs.is_valid(schema, {"b": 1})


def test_what_differs_between_two_documents_is_said_once_each() -> None:
    before, after = json.loads(DOCUMENT.read_text()), json.loads(DOCUMENT.read_text())
    assert compare_documents(before, after) == []
    del after["paths"]["/api/v1/me"]["patch"]
    after["components"]["schemas"]["Project"]["properties"]["colour"] = {"type": "string"}
    after["components"]["schemas"]["Project"]["required"].remove("name")
    runs = after["paths"]["/api/v1/projects/{project_id}/runs"]["get"]
    runs["parameters"] = [one for one in runs["parameters"] if one["name"] != "kind"]
    runs["responses"]["200"]["content"]["text/plain"] = {"schema": {}}
    said = compare_documents(before, after)
    assert "removed PATCH /api/v1/me" in said
    assert [one for one in said if "/api/v1/me" not in one] == [
        "changed GET /api/v1/projects/{project_id}/runs, answer 200",
        "removed GET /api/v1/projects/{project_id}/runs, parameter kind",
        "added Project.colour",
        "changed Project.name",
    ]
