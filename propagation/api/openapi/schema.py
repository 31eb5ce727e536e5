"""The OpenAPI document: drf-spectacular's generator, told what routes take and answer."""

import re
from functools import cache
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from drf_spectacular.drainage import error
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, OpenApiExample, OpenApiParameter
from rest_framework import serializers

from propagation.api.openapi.operation import Operation, Page
from propagation.api.openapi.writing import ShapeWriter
from propagation.api.paging import ListView, list_members
from propagation.api.shapes.common import Problem
from propagation.api.work import WorkView
from versions.scope import SCOPE_TYPES

LIST_TYPES = ("application/json", "text/csv")
PREFIX = "/api/v1/"
READ_PROBLEMS = (400, 401, 403, 404, 406, 409, 422, 429, 500, 503)
WRITE_PROBLEMS = (*READ_PROBLEMS, 412, 413, 415, 423, 428)
PROBLEMS = {*WRITE_PROBLEMS, 410, 416}
PATTERNS = {
    "int": {"type": "integer", "minimum": 0},
    "code": {"type": "string", "minLength": 1},
    "token": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    "slug": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    "path": {"type": "string", "minLength": 1},
}
IDS = {
    "asset_id": "An asset, shot or sequence: `char-001`, or `project:char-001` where another"
    " project has that id as well. Percent-encoded.",
    "project_id": "A project.",
}
SHAPES = ShapeWriter()
"""All that answers refer to; the document's own hook adds it."""


@cache
def find_routes() -> dict[str, tuple[str, dict[str, str]]]:
    """Return name and converters, by variable, of every route of the API, by its path."""
    from propagation.api.urls import urlpatterns  # noqa: PLC0415 (views import this package)

    found = {}
    for one in urlpatterns:
        written = str(one.pattern)
        converters = {name: kind for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", written)}
        path = PREFIX + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", written)
        found[path] = (str(one.name), converters)
    return found


def find_operation(name: str, method: str) -> Operation:
    """Return what is said of a route's method; KeyError when nobody wrote it down."""
    from propagation.api.openapi.operations import OPERATIONS  # noqa: PLC0415 (it names all views)

    return OPERATIONS[name][method]


class Schema(AutoSchema):
    """Reads operations instead of guessing from serializers."""

    @property
    def _operation(self) -> Operation:
        return find_operation(self._name, self.method)

    @property
    def _name(self) -> str:
        return find_routes()[self.path][0]

    def get_operation_id(self) -> str:
        """Return the method and the name of the route."""
        return f"{self.method.lower()}_{self._name}".replace("-", "_")

    def get_tags(self) -> list[str]:
        """Return the group in which it is listed."""
        return [self._operation.tag]

    def get_summary(self) -> str:
        """Return what the resource is, in a line."""
        return (getdoc(type(self.view)) or "").partition("\n")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]  # as in spectacular
        """Return what the method does, and what is to be known of the resource."""
        _, _, more = (getdoc(type(self.view)) or "").partition("\n\n")
        is_work = self.method == "POST" and isinstance(self.view, WorkView)
        does = getdoc(getattr(self.view, "work" if is_work else self.method.lower())) or ""
        return "\n\n".join(part for part in (does, more) if part)

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters of the query and the headers."""
        operation = self._operation
        headers = [
            OpenApiParameter(
                header.name,
                header.schema,
                OpenApiParameter.HEADER,
                description=header.description,
                required=header.name == "If-Match"
                and self.method in getattr(self.view, "guarded", ()),
            )
            for header in operation.takes
        ]
        query: list[Any] = [operation.query] if operation.query().fields else []
        if self.method == "GET" and isinstance(self.view, ListView):
            one = f"({'|'.join(list_members(self.view.row))})"
            pattern = {"type": "string", "pattern": f"^{one}(,{one})*$"}
            detail = "Members of the rows, with commas; all when left out."
            query.append(OpenApiParameter("fields", pattern, description=detail))
        return [*query, *headers]

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        _, converters = find_routes()[self.path]
        return [
            {
                "in": "path",
                "name": name,
                "required": True,
                "schema": PATTERNS[converters[name] or "code"],
                **({"description": IDS[name]} if name in IDS else {}),
            }
            for name in variables
        ]

    def _is_list_view(self, serializer: Any = None) -> bool:  # noqa: ANN401 (spectacular's)
        del serializer
        return False  # nor anything else to be guessed

    def get_request_serializer(self) -> Any:  # noqa: ANN401 (spectacular's)
        """Return the serializer of the body, by its media type."""
        operation = self._operation
        return dict.fromkeys(operation.body_types, operation.body) if operation.body else None

    def _get_request_body(self, direction: Direction = "request") -> Any:  # noqa: ANN401 (spectacular's)
        body = self._operation.body
        if self.method != "DELETE" or not isinstance(body, type):  # it knows of none of DELETE
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        schema = self.resolve_serializer(body, direction).ref
        return {"content": {"application/json": {"schema": schema}}, "required": True}

    def get_examples(self) -> list[OpenApiExample]:
        """Return a body as somebody would send it."""
        example = self._operation.example
        return [OpenApiExample("as sent", value=example, request_only=True)] if example else []

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        del direction
        operation = self._operation
        answers = {status: self._answer(status, one) for status, one in operation.answers.items()}
        if self.method == "GET":
            answers[304] = {"description": "Nothing changed since the ETag in If-None-Match."}
        problems = READ_PROBLEMS if self.method == "GET" else WRITE_PROBLEMS
        for status in (*problems, *operation.problems):
            if status in answers:
                answers[status]["content"].update(_write_problem(status)["content"])
            else:
                answers[status] = {"$ref": f"#/components/responses/{status}"}
        return {str(status): answers[status] for status in sorted(answers)}

    def _answer(self, status: int, shape: Any) -> dict[str, Any]:  # noqa: ANN401 (a shape)
        phrase = HTTPStatus(status).phrase
        if shape is None:
            return {"description": phrase}
        is_list = self.method == "GET" and isinstance(self.view, ListView)
        is_page = isinstance(shape, Page)
        schema = _write_page(shape, has_fields=is_list) if is_page else SHAPES.write(shape)
        types = LIST_TYPES if is_list else self._operation.media_types
        content = {one: {"schema": schema if one.endswith("json") else {}} for one in types}
        return {"description": phrase, "content": content}


def _write_problem(status: int) -> dict[str, Any]:
    schema = SHAPES.write(Problem)
    return {
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {"schema": schema}},
    }


def _write_page(page: Page, *, has_fields: bool) -> dict[str, Any]:
    row = SHAPES.write(page.of)
    rows = {"anyOf": [row, SHAPES.write_part(page.of)]} if has_fields else row
    return {
        "type": "object",
        "properties": {
            "data": {"type": "array", "items": rows},
            "total": {"type": "integer", "description": "With `count`: of all pages."},
            "next": {"type": ["string", "null"], "description": "The `cursor` of the next page."},
        },
        "required": ["data", "next"],
    }


def list_endpoints(endpoints: list[tuple[str, str, str, Any]], **_: object) -> list[Any]:
    """Return those of the API (a hook of drf-spectacular)."""
    return [one for one in endpoints if one[0] in find_routes()]


def finish_document(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Add the shapes and the problems (a hook of drf-spectacular)."""
    result["components"]["responses"] = {
        str(status): _write_problem(status) for status in sorted(PROBLEMS)
    }
    bodies = result["components"].setdefault("schemas", {})
    if twice := bodies.keys() & SHAPES.components.keys():
        error(f"an answer and a body are both called {sorted(twice)}")
    result["components"]["schemas"] = dict(sorted({**bodies, **SHAPES.components}.items()))
    cleaned: dict[str, Any] = _clean(result)
    return cleaned


def _clean(value: Any) -> Any:  # noqa: ANN401 (any part of a document)
    """Leave out the marks that the generator makes for hooks of its own."""
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items() if key != "x-spec-enum-id"}
    return [_clean(one) for one in value] if isinstance(value, list) else value


class BearerScheme(OpenApiAuthenticationExtension):
    """A token in the Authorization header."""

    target_class = "propagation.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Return how it is sent."""
        del auto_schema
        return {"type": "http", "scheme": "bearer"}


class StrictExtension(OpenApiSerializerExtension):
    """Bodies refuse what they do not know."""

    target_class = "propagation.api.strict.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        """Return the schema as ever, closed."""
        schema: dict[str, Any] = auto_schema._map_serializer(  # noqa: SLF001 (as its own do)
            self.target, direction, bypass_extensions=True
        )
        target = self.target() if isinstance(self.target, type) else self.target
        for name, field in target.fields.items():
            _be_exact(field, schema["properties"][name])
        return {**schema, "additionalProperties": False}


def _be_exact(field: Any, schema: dict[str, Any]) -> None:  # noqa: ANN401 (a field of DRF)
    """Add what the generator leaves out: that texts are not empty."""
    if isinstance(field, serializers.ListField):
        _be_exact(field.child, schema["items"])
    if isinstance(field, serializers.CharField) and not field.allow_blank:
        schema.setdefault("minLength", 1)


class VersionExtension(OpenApiSerializerFieldExtension):
    """A number or an id."""

    target_class = "propagation.api.strict.VersionField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        """Return its schema."""
        del auto_schema, direction
        number = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
        return {"anyOf": [number, {"type": "string", "pattern": "_v[1-9][0-9]{0,8}$"}]}


class ScopeTypeExtension(OpenApiSerializerFieldExtension):
    """What kind of scope it is."""

    target_class = "propagation.api.look_ups.ScopeTypeField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        """Return its schema."""
        del auto_schema, direction
        return {"type": "string", "enum": list(SCOPE_TYPES)}


class JsonObjectExtension(OpenApiSerializerFieldExtension):
    """Any object."""

    target_class = "propagation.api.strict.JsonObjectField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        """Return its schema."""
        del auto_schema, direction
        return {"type": "object", "additionalProperties": {}}
