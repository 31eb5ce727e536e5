"""Codes and versions as they stand in URLs and headers."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest
from django.urls.converters import StringConverter
from django.utils.encoding import escape_uri_path
from rest_framework.request import Request

from assets.models import Entity
from propagation.api.problem import Problem


class CodeConverter(StringConverter):
    """One path segment that names an entity or a project; any printable character may occur.

    The ASGI application leaves an encoded slash and an encoded percent sign as they are, so that
    a slash inside a code is not one between segments.
    """

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """Return the code; ValueError (no such path) for one that no database can hold."""
        if "\0" in value:
            msg = "a code holds no NUL"
            raise ValueError(msg)
        return re.sub("%(2F|25)", lambda m: "/" if m[1] == "2F" else "%", value)

    def to_url(self, value: str) -> str:
        """Refuse: Django quotes once more what this returns, and no slash would survive."""
        msg = f"quote the code {value!r} yourself; reverse() cannot"
        raise ValueError(msg)


def get_encoded_path(request: HttpRequest | Request) -> str:
    """Return the request's path as its client wrote it, percent-encoded."""
    scope: Mapping[str, Any] = getattr(request, "scope", {})
    raw_path: bytes | None = scope.get("raw_path")
    return raw_path.decode("latin-1") if raw_path else escape_uri_path(request.path)


def write_version_id(code: str, number: int) -> str:
    """Return the id of an entity's version in the story's shape, such as char-001_v6."""
    return f"{code}_v{number}"


def write_etag(code: str, number: int) -> str:
    """Return the strong ETag of a version; a header carries ASCII, so the rest is encoded."""
    return f'"{quote(write_version_id(code, number), safe=" !#$&()*+,-./:;<=>?@[]^_`{|}~")}"'


def read_if_match(header: str | None, entity: Entity) -> int | None:
    """Return the version number that If-Match demands, or None for any; else a 400 problem."""
    if header is None or header.strip() == "*":
        return None
    found = re.fullmatch(r'"(.*)_v([0-9]{1,9})"', header.strip(), re.DOTALL)
    if not found or header.strip() != write_etag(entity.code, int(found[2])):
        detail = f"If-Match must be a version of this entity, such as {write_etag(entity.code, 1)}."
        raise Problem(HTTPStatus.BAD_REQUEST, "bad-etag", detail)
    return int(found[2])
