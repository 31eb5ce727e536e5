"""Codes and versions as they stand in URLs and headers."""

import re
from http import HTTPStatus
from urllib.parse import quote

from django.urls.converters import StringConverter

from assets.models import Entity
from propagation.api.problem import Problem


class CodeConverter(StringConverter):
    """One path segment that names an entity or a project; any printable character may occur.

    The ASGI application leaves an encoded slash and an encoded percent sign as they are, so that
    a slash inside a code is not one between segments.
    """

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """Return the code."""
        return re.sub("%(2F|25)", lambda m: "/" if m[1] == "2F" else "%", value)

    def to_url(self, value: str) -> str:
        """Return the segment; Django quotes what is left."""
        return value.replace("%", "%25").replace("/", "%2F")


def write_version_id(entity: Entity, number: int) -> str:
    """Return the version's id in the story's shape, such as char-001_v6."""
    return f"{entity.code}_v{number}"


def write_etag(entity: Entity, number: int) -> str:
    """Return the strong ETag of a version; a header carries ASCII, so the rest is encoded."""
    return f'"{quote(write_version_id(entity, number), safe=" !#$&()*+,-./:;<=>?@[]^_`{|}~")}"'


def read_if_match(header: str | None, entity: Entity) -> int | None:
    """Return the version number that If-Match demands, or None for any; else a 400 problem."""
    if header is None or header.strip() == "*":
        return None
    found = re.fullmatch(r'"(.*)_v([0-9]{1,9})"', header.strip(), re.DOTALL)
    if not found or header.strip() != write_etag(entity, int(found[2])):
        detail = f"If-Match must be a version of this entity, such as {write_etag(entity, 1)}."
        raise Problem(HTTPStatus.BAD_REQUEST, "bad-etag", detail)
    return int(found[2])
