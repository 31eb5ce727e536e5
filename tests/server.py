"""A real web server process on the test database, and requests that no client library rewrites."""

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from tests.processes import ROOT, START_LIMIT_S, make_environment


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where the process listens."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"http://127.0.0.1:{self.port}/api/v1"

    def read_log(self) -> str:
        """Return the end of what it has logged."""
        return (settings.HOME / f"server-{self.port}.log").read_text()[-10_000:]


@contextmanager
def run_server(environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run uvicorn with the ASGI application until the block ends.

    It inherits a socket that listens already, so no port can be taken in between, and the first
    request waits in the socket's queue until the process is ready.
    """
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        (settings.HOME / f"server-{listener.getsockname()[1]}.log").open("wb") as log,
    ):
        # Inherited by each connection; without it an answer of two packets takes 40 ms more.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "config.web",
                "--fd",
                str(listener.fileno()),
            ],
            cwd=ROOT,
            env={**make_environment(), **(environment or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[listener.fileno()],
        )
        try:
            yield Server(port=listener.getsockname()[1], pid=process.pid)
        finally:
            process.terminate()
            process.wait(timeout=START_LIMIT_S)
