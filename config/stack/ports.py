"""Ports on the loopback address: the wanted one, or the next that is free."""

import errno
import socket
from collections.abc import Callable

from config.stack.exceptions import NoFreePortError

HOST = "127.0.0.1"
ATTEMPTS = 100
LAST_PORT = 65_535


def choose_port(wanted: int, *, say: Callable[[str], None]) -> socket.socket:
    """Return a listening socket on the wanted port, or on the next free one, and say so.

    Port 0 lets the system choose. Raises NoFreePortError.
    """
    for port in range(wanted, min(wanted + ATTEMPTS, LAST_PORT + 1)):
        listener = _try_port(port)
        if listener is not None:
            if port != wanted:
                say(f"Port {wanted} is busy; using {port}")
            return listener
    raise NoFreePortError(wanted)


def _try_port(port: int) -> socket.socket | None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Connections of the last run that still linger (TIME_WAIT) do not make the port busy.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(2048)  # from now on connections wait for the server, even while it restarts
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise NoFreePortError(port) from error
    return listener


def get_port(listener: socket.socket) -> int:
    """Return the port that the socket listens on."""
    port: int = listener.getsockname()[1]
    return port
