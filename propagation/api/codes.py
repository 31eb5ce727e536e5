"""Codes and versions as they stand in URLs and headers."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest
from django.urls.converters import StringConverter
from django.utils.encoding import escape_uri_path
from rest_framework import serializers
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
    """Return the strong ETag of a version.

    What no tag can carry (RFC 9110, 8.8.3) is encoded, and the comma between tags of a list.
    revision: of what was said about the version, where the answer tells it.
    """
    written = quote(write_version_id(code, number, slot), safe="!#$&()*+-./:;<=>?@[]^_`{|}~")
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


def read_base(request: Request, entity: Entity, given: Any) -> int | None:  # noqa: ANN401 (JSON)
    """Return the version that an edit started from: of If-Match, or of a body's `base_version`.

    That is a number, or an id such as char-001_v5. 422 for what is neither, or when both are given
    and differ.
    """
    base = read_if_match(request.headers.get("If-Match"), entity)
    if given is None:
        return base
    number = read_named(given, code=entity.code, member="base_version")
    if base not in (None, number):
        detail = f"If-Match says v{base}."
        raise serializers.ValidationError({"base_version": [detail]})
    return number


def read_named(given: Any, *, code: str, member: str) -> int:  # noqa: ANN401 (JSON)
    """Return the number of the version that a member of a body names; else a 422."""
    number = read_number(given, code)
    if number is None:
        detail = f"Give a number, or a version of this entity such as {code}_v1."
        raise serializers.ValidationError({member: [detail]})
    return number


def read_number(given: Any, code: str) -> int | None:  # noqa: ANN401 (JSON)
    """Return the number that a number, or an id such as char-001_v5, says; None for all else."""
    if isinstance(given, str):
        found = re.fullmatch(r"(.*)_v([1-9][0-9]{0,8})", given, re.DOTALL)
        return int(found[2]) if found and found[1] == code else None
    is_number = isinstance(given, int) and not isinstance(given, bool)
    return given if is_number and 1 <= given < 2**31 else None


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
