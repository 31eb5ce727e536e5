"""Serializers that refuse what they do not know, and views that speak of whom they serve."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any, TypeVar, cast

from django.contrib.auth.models import User
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from propagation.api.problem import Problem
from versions.media import SLOT_PATTERN

JSON_TYPES: Mapping[type[serializers.Field[Any, Any, Any, Any]], tuple[type, str]] = {
    serializers.BooleanField: (bool, "true or false"),
    serializers.IntegerField: (int, "an integer"),
    serializers.CharField: (str, "a text"),
    serializers.DateTimeField: (str, "a text"),
    serializers.ChoiceField: (str, "a text"),
}
"""What fields of bodies are in JSON: DRF would also take 1 for true, and 5 for a text."""


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields: a misspelt one must not be dropped in silence.

    With `is_json` in its context it refuses values of another type as well.
    """

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401 (DRF's signature)
        """Return the fields; ValidationError of code `unknown` for those that it does not have."""
        if not isinstance(data, dict):
            return super().to_internal_value(data)
        if unknown := data.keys() - self.fields.keys():
            raise serializers.ValidationError(
                {
                    name: [suggest("This is not known", name, self.fields)]
                    for name in sorted(unknown)
                },
                code="unknown",
            )
        wrong: dict[str, Any] = {
            name: errors
            for name, value in data.items()
            if self.context.get("is_json") and (errors := _find_wrong(self.fields[name], value))
        }
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            wrong = {**cast("dict[str, Any]", error.detail), **wrong}
        if wrong:
            raise serializers.ValidationError(
                {name: wrong[name] for name, _ in self.fields.items() if name in wrong}
            )
        return values


def _find_wrong(field: Any, value: Any) -> Any:  # noqa: ANN401 (a field, and any JSON value)
    """Return what is wrong with the type of a value, as DRF writes it; nothing when it is right."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        found = {index: _find_wrong(field.child, one) for index, one in enumerate(value)}
        return {index: errors for index, errors in found.items() if errors}
    kind = next((kind for kind in JSON_TYPES if isinstance(field, kind)), None)
    if kind is None or value is None:  # what may be null, the field itself knows
        return None
    wanted, name = JSON_TYPES[kind]
    is_right = isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
    return None if is_right else [f"This must be {name}."]


class NoQuery(StrictSerializer):
    """No parameters."""


class NoBody(StrictSerializer):
    """No fields."""


class DryRunQuery(StrictSerializer):
    """Parameters of every write that may start work. items: a dry run tells of each target."""

    dry_run = serializers.BooleanField(default=False)
    items = serializers.BooleanField(default=False)


class JsonObjectField(serializers.Field[Any, Any, Any, Any]):
    """A JSON object, kept as it is."""

    default_error_messages = {"not_an_object": "This must be an object."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:  # noqa: ANN401 (any JSON value)
        """Return the object."""
        if not isinstance(data, dict):
            self.fail("not_an_object")
        return cast("dict[str, Any]", data)

    def to_representation(self, value: Any) -> Any:  # noqa: ANN401 (any JSON value)
        """Return the object."""
        return value


class SlotField(serializers.RegexField):
    """A slot, such as scene_video; `definition` is an entity's own data."""

    default_error_messages = {
        "invalid": "A slot is a word of at most 64 small letters, digits and underscores."
    }

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 (DRF's signature)
        super().__init__(SLOT_PATTERN, trim_whitespace=False, **options)


class VersionField(serializers.JSONField):
    """A version as its number, or as an id such as char-001_v5."""


class CodeField(serializers.CharField):
    """An id as people write it: `project:code`, or a bare code; opaque, so nothing is trimmed."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 (DRF's signature)
        super().__init__(max_length=600, trim_whitespace=False, **options)


_S = TypeVar("_S", bound=StrictSerializer)


def read_body(serializer: type[_S], request: Request) -> dict[str, Any]:
    """Return the body's fields; 400 unless it is an object, 422 that names each wrong field."""
    given = serializer(data=read_object(request), context={"is_json": True})
    given.is_valid(raise_exception=True)
    return cast("dict[str, Any]", given.validated_data)


def read_query(
    serializer: type[_S], request: Request, *, accepts_body: bool = False
) -> dict[str, Any]:
    """Return the query's parameters, and the body's where it may carry parameters too.

    An unknown or repeated parameter is a 400, which names the nearest known one; a wrong value a
    422. The query goes before the body.
    """
    known = serializer().fields
    for name, values in request.query_params.lists():
        if name not in known:
            detail = f"{suggest(f'{name}: This is not known', name, known)}"
            raise Problem(HTTPStatus.BAD_REQUEST, "unknown-parameter", detail)
        if len(values) > 1 and not isinstance(known[name], serializers.ListField):
            detail = f"{name} is given {len(values)} times; once is clear."
            raise Problem(HTTPStatus.BAD_REQUEST, "repeated-parameter", detail)
    body = read_object(request) if accepts_body else {}
    query = {
        name: values if isinstance(known[name], serializers.ListField) else values[0]
        for name, values in request.query_params.lists()
    }
    given = serializer(data={**body, **query})
    given.is_valid(raise_exception=True)
    return cast("dict[str, Any]", given.validated_data)


def read_object(request: Request) -> dict[str, Any]:
    """Return the body, which has to be an object; 400."""
    if not isinstance(request.data, dict):
        raise ParseError("The body must be a JSON object.")
    return request.data


def get_actor(request: Request) -> User:
    """Return the user of an authenticated request."""
    return cast("User", request.user)


def suggest(said: str, name: str, known: Iterable[str]) -> str:
    """Return what is said of a name that is not known, with the known one that is most like it."""
    near = get_close_matches(name, list(known), n=1)
    return f"{said}; did you mean {near[0]!r}?" if near else f"{said}."
