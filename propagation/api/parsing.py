"""Read request bodies strictly: JSON that every database can hold, of a bounded size and depth."""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from propagation.api.problem import Problem

MAX_DEPTH = 32
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class StrictJSONParser(BaseParser):
    """JSON without NaN, Infinity, NUL, lone surrogates or more than 32 levels.

    A plain parser lets the last four through to the database, which answers with a fault.
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
            value = json.loads(data.decode(), parse_constant=_refuse_constant)
            _check(value, 1)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"This is not JSON that can be stored: {error}") from error
        return value


def _check(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        msg = f"it is nested deeper than {MAX_DEPTH} levels"
        raise ValueError(msg)
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            msg = "a text holds NUL or half a surrogate pair"
            raise ValueError(msg)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check(key, depth)
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is not a JSON number"
    raise ValueError(msg)
