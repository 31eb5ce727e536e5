"""Where a WebSocket may be opened."""

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from propagation.sockets.consumer import LiveConsumer

PATH = "/ws/v1"
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_serve = LiveConsumer.as_asgi()


async def route_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve the one path that there is; the handshake on any other is answered 404."""
    if scope["path"] == PATH:
        await _serve(scope, receive, send)  # type: ignore[arg-type]  # stricter than ASGI
        return
    if "websocket.http.response" in scope.get("extensions", {}):
        start = {"type": "websocket.http.response.start", "status": HTTPStatus.NOT_FOUND}
        await send({**start, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close"})
