"""Request bodies before Django sees them: bounded, and of a length that it knows."""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from propagation.api.request_ids import HEADER, choose_request_id

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


UPLOAD_PATH = re.compile(rb"/api/v1/projects/[^/]+/files")


class BodyTooLargeError(Exception):
    """The body is larger than the limit."""


class ClientGoneError(Exception):
    """The client left before it had sent its body whole; there is nobody to answer."""


def bound_bodies(application: Application, *, limit: int, upload_limit: int) -> Application:
    """Return the application behind a limit of so many bytes per body; beyond it, a 413.

    Without it Django spools a body of any size before it asks who sends it. A body that comes in
    chunks has no Content-Length, and DRF then reads nothing: it is collected and gets one. A form
    with a file, of somebody who at least says who they are, may be as long as upload_limit.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            length = _read_length(scope, upload_limit if _is_upload(scope) else limit)
            if length is None:
                scope, receive = await _collect(scope, receive, limit)
        except BodyTooLargeError:
            await _refuse(scope, send, upload_limit if _is_upload(scope) else limit)
            return
        except ClientGoneError:
            return
        await application(scope, receive, send)

    return answer


def _is_upload(scope: Scope) -> bool:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    if scope["method"] != "POST" or not UPLOAD_PATH.fullmatch(path):
        return False
    headers = dict(scope["headers"])
    is_form = headers.get(b"content-type", b"").startswith(b"multipart/form-data")
    is_long_known = b"transfer-encoding" not in headers
    return is_form and is_long_known and (b"authorization" in headers or b"cookie" in headers)


def _read_length(scope: Scope, limit: int) -> int | None:
    """Return the body's length in bytes, None when only its end will tell."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return None
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        return 0  # the server has refused it, or Django will
    if int(length) > limit:
        raise BodyTooLargeError
    return int(length)


async def _collect(scope: Scope, receive: Receive, limit: int) -> tuple[Scope, Receive]:
    body = bytearray()
    is_over = False
    while not is_over:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        body += message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLargeError
        is_over = not message.get("more_body", False)
    headers = [*scope["headers"], (b"content-length", str(len(body)).encode())]
    whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def receive_whole() -> Message:
        return whole.pop() if whole else await receive()

    return {**scope, "headers": headers}, receive_whole


async def _refuse(scope: Scope, send: Send, limit: int) -> None:
    given = dict(scope["headers"]).get(HEADER.lower().encode(), b"")
    request_id = choose_request_id(given.decode("latin-1"))
    problem = {
        "type": "/problems/payload-too-large",
        "title": "Request Entity Too Large",
        "status": 413,
        "code": "payload-too-large",
        "detail": f"A body may have {limit} bytes.",
        "instance": scope["path"],
        "request_id": request_id,
    }
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"connection", b"close"),
        (HEADER.lower().encode(), request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(problem).encode()})
