"""The web server: uvicorn, and what it says to those who are connected before it stops.

python -m config.web --host 0.0.0.0 --port 8000
"""

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Sequence

import uvicorn
from django.conf import settings

from config.boot import find_dangers
from config.telemetry import stop_telemetry
from propagation.sockets.asking import LARGEST_MESSAGE

GRACE_S = 1
"""What open connections get when it stops: event streams never end by themselves."""

GONE_MS = 60_000
"""A client that has acknowledged nothing for so long is gone, though its network did not say so."""


class WebServer(uvicorn.Server):
    """Says good-bye to WebSockets while they can still hear it."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: nobody new, good-bye to the others, then as uvicorn does."""
        from propagation.sockets.hub import HUB  # noqa: PLC0415 (Django is set up by now)

        for server in self.servers:
            server.close()
        await HUB.say_bye()
        await super().shutdown(sockets)
        await asyncio.to_thread(stop_telemetry)


def serve(*, sockets: list[socket.socket] | None = None, host: str = "", port: int = 0) -> None:
    """Serve on listening sockets, or on an address, until SIGTERM."""
    config = uvicorn.Config(
        "config.asgi:application",
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        log_level="warning",
        lifespan="off",  # Django has none
        timeout_graceful_shutdown=GRACE_S,
        # Which proxies are believed is for the settings to say (CONTINUITY_PROXIES).
        proxy_headers=False,
        ws_max_size=LARGEST_MESSAGE,
        # Each message is encoded once and sent to many; deflating it anew for each costs more.
        ws_per_message_deflate=False,
    )
    listening = sockets or [config.bind_socket()]
    for one in listening:
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections inherit it
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)
    WebServer(config).run(sockets=listening)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve as the command line says; not where that would be unsafe (`config.boot`)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    parser = argparse.ArgumentParser(description="Run the web server until SIGTERM.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--fd", type=int, help="a listening socket that was inherited, instead")
    given = parser.parse_args(arguments)
    if dangers := find_dangers(hosts=[given.host, *settings.ALLOWED_HOSTS]):
        sys.exit("\n".join(danger.text for danger in dangers))
    if given.fd is not None:
        serve(sockets=[socket.socket(fileno=given.fd)])
    else:
        serve(host=given.host, port=given.port)


if __name__ == "__main__":
    main()
