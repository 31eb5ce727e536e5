"""Read request bodies strictly: JSON that every database can hold, of a bounded size and depth."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from propagation.api.problem import Problem
from versions.canonical import check_storable, read_strict


class StrictJSONParser(BaseParser):
    """Strict JSON (`read_strict`) without NUL, lone surrogates or more than 32 levels.

    A plain parser lets these through to the database, which answers with a fault.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 (any JSON value)
        """Return the value. ParseError (400) or a 413 problem."""
        del media_type, parser_context
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        data = stream.read(limit + 1)
        if len(data) > limit:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "payload-too-large",
                f"A body may have {limit} bytes.",
            )
        try:
            value = read_strict(data)
            check_storable(value)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"This is not JSON that can be stored: {error}") from error
        return value


class MergePatchParser(StrictJSONParser):
    """The same for a JSON Merge Patch (RFC 7396)."""

    media_type = "application/merge-patch+json"
