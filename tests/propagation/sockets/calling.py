"""A client of the WebSocket of a real server."""

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from propagation.services.socket_tickets import issue_ticket
from tests.server import Server

PATIENCE_S = 20
Message = dict[str, Any]
Json = Any
ANSWERS = frozenset({"ready", "gap", "error", "unsubscribed", "lease", "left", "pong"})


class Caller:
    """A connection that says what it wants and waits for what it needs; nothing is dropped."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[Message] = []

    @property
    def events(self) -> list[Message]:
        """What it heard of logs."""
        return [one for one in self.heard if "seq" in one and one["type"] not in ANSWERS]

    def say(self, type_: str, **members: Json) -> None:
        """Send a message."""
        self.connection.send(json.dumps({"type": type_, **members}))

    def hear(self) -> Message:
        """Return the next message."""
        message: Message = json.loads(self.connection.recv(timeout=PATIENCE_S))
        self.heard.append(message)
        return message

    def wait_for(self, *types: str, until: Callable[[Message], bool] | None = None) -> Message:
        """Return the next message of one of these types, for which the condition holds."""
        while True:
            message = self.hear()
            if message["type"] in types and (until is None or until(message)):
                return message

    def wait_for_seq(self, seq: int) -> None:
        """Wait until an event of this number, or a later one, was heard."""
        while not self.events or self.events[-1]["seq"] < seq:
            self.hear()

    def wait_for_end(self) -> int:
        """Hear all that still comes; return the code with which the server closes."""
        with suppress(ConnectionClosed):
            while True:
                self.hear()
        code = self.connection.close_code
        assert code is not None
        return code

    def ask(self, type_: str, **members: Json) -> Message:
        """Say something, and return the answer to it."""
        self.say(type_, id="asked", **members)
        return self.wait_for(*ANSWERS, until=lambda one: one.get("id") == "asked")

    def subscribe(self, *topics: str, **members: Json) -> Message:
        """Subscribe, and return the answer."""
        return self.ask("subscribe", topics=topics, **members)


@contextmanager
def call(server: Server, *, user: User, is_slow: bool = False) -> Iterator[Caller]:
    """Connect with a ticket of the user's until the block ends."""
    ticket = issue_ticket(user=user, at=timezone.now()).text
    with open_line(server, query=f"?ticket={ticket}", is_slow=is_slow) as caller:
        assert caller.hear()["type"] == "hello"
        yield caller


@contextmanager
def open_line(
    server: Server,
    *,
    path: str = "/ws/v1",
    query: str = "",
    headers: Mapping[str, str] | None = None,
    is_slow: bool = False,
) -> Iterator[Caller]:
    """Connect until the block ends; InvalidStatus when the handshake is refused.

    is_slow: it takes next to nothing before it is read.
    """
    with socket.socket() as plain:
        if is_slow:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect(("127.0.0.1", server.port))
        with connect(
            f"ws://127.0.0.1:{server.port}{path}{query}",
            sock=plain,
            additional_headers=headers,
            open_timeout=PATIENCE_S,
            max_queue=1 if is_slow else None,
            max_size=None,
            close_timeout=0.2 if is_slow else PATIENCE_S,
        ) as connection:
            yield Caller(connection)
