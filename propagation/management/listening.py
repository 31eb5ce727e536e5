"""A receiver of webhooks for whoever writes one: says what arrives, and refuses what is forged."""

from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from django.utils import timezone

from propagation.webhooks.signing import NotVerifiedError, verify_message

HOST = "127.0.0.1"
MAX_BODY_BYTES = 65_536
SILENCE_S = 5.0
"""Whoever connects and says nothing for so long is hung up on: one is served at a time."""

Show = Callable[[str, str], None]
"""Gets the id and the body of a message that was verified."""
Complain = Callable[[str], None]
"""Gets why a message was refused."""


class Listener(HTTPServer):
    """Listens on the loopback. OSError when the port is taken; port 0: any that is free."""

    def __init__(self, *, port: int, secret: str, show: Show, complain: Complain) -> None:
        super().__init__((HOST, port), _Handler)
        self.secret, self.show, self.complain = secret, show, complain

    @property
    def url(self) -> str:
        """Where messages go."""
        return f"http://{HOST}:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (its signature)
        """Say that a connection broke; the next one is served all the same."""
        del request
        self.complain(f"the connection of {client_address[0]} broke")


class _Handler(BaseHTTPRequestHandler):
    server: Listener
    timeout = SILENCE_S

    def do_POST(self) -> None:
        """Take one message: 204; 400 when it is not verified."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal() and int(length) <= MAX_BODY_BYTES):
            self._refuse(HTTPStatus.BAD_REQUEST, f"a body has up to {MAX_BODY_BYTES} bytes")
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            body = self.rfile.read(int(length)).decode()
            message_id = verify_message(
                headers=headers, body=body, secret=self.server.secret, at=timezone.now()
            )
        except (NotVerifiedError, UnicodeDecodeError) as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            return
        self.server.show(message_id, body)
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: what is worth saying is shown."""

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self.server.complain(reason)
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(f"{reason}\n".encode())
