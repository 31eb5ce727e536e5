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
from versions.models import DEFINITION
from versions.naming import write_version_id


class TokenConverter:
    """A token in a path."""

    regex = r"[A-Za-z0-9_-]{1,64}"

    def to_python(self, value: str) -> str:
        """Return it as it is."""
        return value

    def to_url(self, value: str) -> str:
        """Return it as it is."""
        return value


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


def write_etag(
    code: str, number: int, slot: str = DEFINITION, *, revision: int | None = None
) -> str:
    """Return the strong ETag of a version; a header carries ASCII, so the rest is encoded.

    revision: of what was said about the version, where the answer tells it.
    """
    written = quote(write_version_id(code, number, slot), safe=" !#$&()*+,-./:;<=>?@[]^_`{|}~")
    return f'"{written}"' if revision is None else f'"{written};r{revision}"'


def read_if_match(header: str | None, entity: Entity, slot: str = DEFINITION) -> int | None:
    """Return the version number that If-Match demands, or None for any; else a 400 problem.

    The hash that a read answer has at the end of its ETag, and the revision, do not count.
    """
    tag = _strip_hash(header)
    if tag is None:
        return None
    found = re.fullmatch(r'"(.*)_v([0-9]{1,9})(?:;r[0-9]+)?"', tag, re.DOTALL)
    if not found or not tag.startswith(write_etag(entity.code, int(found[2]), slot)[:-1]):
        example = write_etag(entity.code, 1, slot)
        detail = f"If-Match must be a version of this entity, such as {example}."
        raise Problem(HTTPStatus.BAD_REQUEST, "bad-etag", detail)
    return int(found[2])


def read_revision(header: str | None, *, entity: Entity, number: int, slot: str) -> int | None:
    """Return the revision of a version that If-Match demands, or None for any; else a 400."""
    tag = _strip_hash(header)
    if tag is None:
        return None
    found = re.search(r';r([0-9]{1,9})"\Z', tag)
    if not found or tag != write_etag(entity.code, number, slot, revision=int(found[1])):
        example = write_etag(entity.code, number, slot, revision=1)
        detail = f"If-Match must be the ETag of this version, such as {example}."
        raise Problem(HTTPStatus.BAD_REQUEST, "bad-etag", detail)
    return int(found[1])


def _strip_hash(header: str | None) -> str | None:
    if header is None or header.strip() == "*":
        return None
    return re.sub(r';[0-9a-f]{16}"\Z', '"', header.strip())
