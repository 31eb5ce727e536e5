"""Talk to a host outside: dial the very address that was checked, and no longer than a deadline."""

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeAlias

import httpcore

from propagation.webhooks.address import Address, Allowed, Target, check_addresses

CONNECT_TIMEOUT_S = 5.0
MOST_DIALLED = 3
"""Of a host with many addresses so many are tried, each for its part of the time."""

Resolve: TypeAlias = Callable[[str, int], list[Address]]


class Deadline:
    """When all that belongs to one request is over, however often something still arrives."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def limit(self, timeout_s: float | None) -> float:
        """Return the seconds that one operation may take; httpcore.TimeoutException when none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer took too long")
        return left if timeout_s is None else min(left, timeout_s)


def resolve_name(host: str, port: int) -> list[Address]:
    """Return all addresses of a host, as the system's resolver orders them. OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(sockaddr[0])) for *_, sockaddr in found))


@dataclass(frozen=True, kw_only=True)
class CheckedBackend(httpcore.NetworkBackend):
    """Opens connections of one request: asks for addresses once, checks all, dials one of them.

    TLS and the Host header still have the name, so a certificate is checked against that.
    """

    target: Target
    allowed: Allowed
    deadline: Deadline
    resolve: Resolve = resolve_name

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect; AddressRefusedError, httpcore.ConnectError, httpcore.TimeoutException."""
        timer = Deadline(self.deadline.limit(timeout))
        addresses = self._resolve_within(host, port, timer)
        check_addresses(self.target, addresses, self.allowed)
        dialled = addresses[:MOST_DIALLED]
        fault: Exception | None = None
        for left, address in zip(range(len(dialled), 0, -1), dialled, strict=True):
            share = timer.limit(None) / left
            try:
                stream = httpcore.SyncBackend().connect_tcp(
                    str(address), port, share, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error  # the next one may be reachable
            else:
                return _TimedStream(stream, self.deadline)
        raise fault or httpcore.ConnectError("no address")

    def _resolve_within(self, host: str, port: int, timer: Deadline) -> list[Address]:
        """Resolve in a thread of its own: getaddrinfo() itself knows no timeout."""
        answers: SimpleQueue[list[Address] | OSError] = SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self.resolve(host, port))
            except (OSError, UnicodeError) as error:
                answers.put(OSError(str(error)))

        Thread(target=ask, name="webhook-resolver", daemon=True).start()
        try:
            found = answers.get(timeout=timer.limit(None))
        except Empty as error:
            raise httpcore.ConnectTimeout("the name was not resolved in time") from error
        if isinstance(found, OSError):
            raise httpcore.ConnectError("the name has no address") from found
        return found


class _TimedStream(httpcore.NetworkStream):
    """A stream whose operations end at the deadline: a timeout of each would begin anew."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.limit(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.limit(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = self._deadline.limit(timeout)
        return _TimedStream(
            self._stream.start_tls(ssl_context, server_hostname, limit), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 (httpcore's signature)
        return self._stream.get_extra_info(info)
