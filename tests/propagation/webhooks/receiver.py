"""A real receiver of webhooks on this machine, which answers as a test wants it to."""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, TypeAlias

from propagation.webhooks.address import read_allowed
from propagation.webhooks.sending import Outside

WAIT_LIMIT_S = 20


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: str


class Receiver(ThreadingHTTPServer):
    """Listens on the loopback; `answers` are given one after the other, the last one for ever."""

    daemon_threads = True

    def __init__(self, answers: "tuple[Reply, ...]", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers)
        self.received: list[Received] = []
        self.arrivals: SimpleQueue[Received] = SimpleQueue()
        self.is_over = Event()
        self.scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """Where messages go."""
        return f"{self.scheme}://127.0.0.1:{self.port}/in?x=1"

    def wait(self) -> Received:
        """Return the next request that arrives, or has."""
        return self.arrivals.get(timeout=WAIT_LIMIT_S)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (its signature)
        """Say nothing: whoever sends goes away when it has had enough."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Take the message, and give the next answer."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        taken = Received(path=self.path, headers=headers, body=body)
        answers = self.server.answers
        reply = answers.pop(0) if len(answers) > 1 else answers[0]
        self.server.received.append(taken)
        self.server.arrivals.put(taken)
        reply(self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


Reply: TypeAlias = Callable[[_Handler], None]


def answer(status: int, text: bytes = b"", **headers: str) -> Reply:
    """Return what answers this, with header_names in this spelling."""

    def reply(handler: _Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(text)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(text)

    return reply


def stall(handler: _Handler) -> None:
    """Answer nothing."""
    handler.server.is_over.wait(WAIT_LIMIT_S)


def hang_up(handler: _Handler) -> None:
    """Close the connection without an answer."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def drip(handler: _Handler) -> None:
    """Send one more header every few milliseconds, for ever."""
    handler.send_response(200)
    for number in range(10_000):
        handler.send_header(f"X-{number}", "more")
        handler.flush_headers()
        if handler.server.is_over.wait(0.02):
            return


def flood(handler: _Handler) -> None:
    """Send a body without an end."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.is_over.is_set():
        handler.wfile.write(b"\0\xff" + b"x" * 65_536)


def stall_after_answering(handler: _Handler) -> None:
    """Say 200, and begin a body that never comes."""
    handler.send_response(200)
    handler.send_header("Content-Length", "10")
    handler.end_headers()
    handler.wfile.write(b"ok")
    handler.server.is_over.wait(WAIT_LIMIT_S)


@contextmanager
def receive(*answers: Reply, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver until the block ends; without answers it takes everything."""
    receiver = Receiver(answers or (answer(204),), tls)
    thread = Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.is_over.set()
        receiver.shutdown()
        thread.join()
        receiver.server_close()


def make_outside(timeout_s: float = WAIT_LIMIT_S) -> Outside:
    """Return an outside that has the loopback in it."""
    return Outside(allowed=read_allowed(["127.0.0.0/8"]), timeout_s=timeout_s)
