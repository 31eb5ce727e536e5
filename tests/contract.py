"""Holds every answer that a test gets from the API to the OpenAPI document."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema_rs
from django.http import HttpRequest, HttpResponse

from propagation.api.openapi.schema import find_routes
from propagation.api.openapi.views import read_document


class KeepsToDocument:
    """A middleware that fails for an answer that the document does not have: status, type, shape.

    An answer may have no member that the document does not name, so it cannot fall behind.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the answer once it was checked; AssertionError."""
        response = self.get_response(request)
        if request.path.startswith("/api/v1/"):
            check_answer(request, response)
        return response


def check_answer(request: HttpRequest, response: HttpResponse) -> None:
    """Compare the answer to a request with what the document says of it."""
    match = getattr(request, "resolver_match", None)
    method = "get" if request.method == "HEAD" else str(request.method).lower()
    operation = find_operation(match.url_name, method) if match else None
    if operation is None:  # no such route or method, or the document itself
        return
    where = f"{request.method} {request.path}: {response.status_code}"
    answers = operation["responses"]
    status = str(response.status_code)
    assert status in answers, f"{where} is not documented"
    answer = resolve_answer(answers[status])
    if "content" not in answer:
        assert response.status_code == 304 or not response.content, where
        return
    media_type = response.get("Content-Type", "").partition(";")[0]
    kinds = answer["content"]
    assert media_type in kinds or "*/*" in kinds, f"{where} as {media_type} is not documented"
    if media_type.endswith("json") and media_type in kinds and not response.streaming:
        schema = choose_rows(kinds[media_type]["schema"], are_whole="fields" not in request.GET)
        validate(json.dumps(schema), response.content, where)


def choose_rows(schema: dict[str, Any], *, are_whole: bool) -> dict[str, Any]:
    """Return the schema of a list whose rows are whole, or parts, where it is one of either."""
    match schema:
        case {"properties": {"data": {"items": {"anyOf": [whole, part]}} as data}}:
            rows = {**data, "items": whole if are_whole else part}
            return {**schema, "properties": {**schema["properties"], "data": rows}}
    return schema


def validate(schema: str, content: bytes, where: str) -> None:
    """Fail with what is wrong first."""
    error = next(make_validator(schema).iter_errors(json.loads(content)), None)
    assert error is None, f"{where}: {error}"


@cache
def make_validator(schema: str) -> Any:  # noqa: ANN401 (it has no types)
    components = {"components": load_document()["components"]}
    return jsonschema_rs.Draft202012Validator(
        close({**json.loads(schema), **components}), validate_formats=True
    )


@cache
def load_document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(read_document())
    return document


def close(schema: Any) -> Any:  # noqa: ANN401 (any part of a schema)
    """Return the schema, refusing what it does not name wherever it names anything."""
    if isinstance(schema, list):
        return [close(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: close(one) for key, one in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.keys() & {"required", "minProperties"}:
        closed.setdefault("additionalProperties", False)
    return closed


@cache
def find_operation(name: str | None, method: str) -> dict[str, Any] | None:
    paths = {route: path for path, (route, _) in find_routes().items()}
    operation: dict[str, Any] | None = (
        load_document()["paths"].get(paths.get(name or "", ""), {}).get(method)
    )
    return operation


def resolve_answer(answer: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in answer:
        return answer
    found: dict[str, Any] = load_document()["components"]["responses"][
        answer["$ref"].rsplit("/")[-1]
    ]
    return found
