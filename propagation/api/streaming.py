"""Answer a stored file piece by piece, whole or the range that a player asks for."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from http import HTTPStatus
from typing import Any, TypeAlias

from asgiref.sync import sync_to_async
from django.core.files.base import File
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from propagation.api.problem import Problem

OpenFile: TypeAlias = "Callable[[], File[Any]]"

CHUNK = 256 * 1024  # bytes
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})\Z")


def answer_file(request: HttpRequest, open_file: OpenFile, *, size: int) -> HttpResponseBase:
    """Return the file, or with `Range` the part of it (RFC 9110, 14); a 416 problem beyond its end.

    One range; several, or what is no range of bytes, give the whole. The file is opened when the
    first piece is sent, and at most one piece is in memory at a time.
    """
    found = _read_range(request.headers.get("Range", ""), size)
    first, last = found or (0, size - 1)
    pieces = _read_pieces(open_file, first, last)
    # Django reads a plain iterator to its end before it sends anything over ASGI.
    is_async = hasattr(request, "scope")
    response = StreamingHttpResponse(_read_async(pieces) if is_async else pieces)
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(last - first + 1)
    if found:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def _read_range(header: str, size: int) -> tuple[int, int] | None:
    """Return the first and the last byte that are asked for; None for all of them."""
    found = _RANGE.fullmatch(header.strip())
    if not found or found.groups() == ("", ""):
        return None
    if found[1] == "":  # the last so many bytes
        first, last = max(size - int(found[2]), 0), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    if found[2] and found[1] and int(found[2]) < int(found[1]):
        return None
    if first >= size or first > last:
        raise Problem(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "range-not-satisfiable",
            f"The file has {size} bytes.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return first, last


def _read_pieces(open_file: OpenFile, first: int, last: int) -> Iterator[bytes]:
    left = last - first + 1
    with open_file() as file:
        file.seek(first)
        while left > 0 and (piece := file.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece


async def _read_async(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    take = sync_to_async(partial(next, pieces, b""))
    while piece := await take():
        yield piece
