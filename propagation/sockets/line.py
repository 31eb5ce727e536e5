"""A client's line: what waits to be sent to it, in order, and never more than so much."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from django.utils import timezone

from propagation.services.messages import encode
from propagation.sockets.guest import Guest

MOST_WAITING = 1000
"""Messages that may wait for a client that takes them slowly."""
NORMAL = 1000
STALLED_S = 60
ROOM = 100
"""Who replays a log to a client waits until fewer than this wait there."""


class Line:
    """One client. Used from the event loop's thread only."""

    def __init__(self, *, guest: Guest, send: Callable[[str], Awaitable[None]]) -> None:
        self.guest = guest
        self.user = guest.user
        self._send = send
        self._waiting: deque[str] = deque()
        self._has_news = asyncio.Event()
        self._has_room = asyncio.Event()
        self.leases: dict[str, str] = {}  # tokens by entity
        self.close_code = NORMAL
        self.is_drained = asyncio.Event()
        self._moved_at = time.monotonic()
        self._is_ending = False

    def put(self, text: str) -> bool:
        """Let the text wait its turn; False when the client does not keep up: it is dropped."""
        if len(self._waiting) >= MOST_WAITING:
            return False
        self._append(text)
        return True

    @property
    def is_stalled(self) -> bool:
        """Whether the client has taken nothing of what waits for a long time."""
        return bool(self._waiting) and time.monotonic() - self._moved_at > STALLED_S

    def tell(self, type_: str, **members: Any) -> None:  # noqa: ANN401 (JSON)
        """Tell something about the line itself, also one that is full; unless it is so twice."""
        if len(self._waiting) < 2 * MOST_WAITING:
            self._append(write_message(type_, at=timezone.now(), **members))

    def end(self, *, code: int) -> None:
        """Let `drain` return once all that waits is sent; code: why the connection is closed."""
        self._is_ending = True
        self.close_code = code
        self._has_news.set()

    async def wait_for_room(self) -> None:
        """Wait until little waits to be sent."""
        while len(self._waiting) >= ROOM:
            self._has_room.clear()
            await self._has_room.wait()

    async def drain(self) -> None:
        """Send what waits, as it comes, until the line ends."""
        try:
            while self._waiting or not self._is_ending:
                await self._has_news.wait()
                self._has_news.clear()
                while self._waiting:
                    await self._send(self._waiting.popleft())
                    self._moved_at = time.monotonic()
                    if len(self._waiting) < ROOM:
                        self._has_room.set()
        finally:
            self.is_drained.set()

    def _append(self, text: str) -> None:
        if not self._waiting:
            self._moved_at = time.monotonic()
        self._waiting.append(text)
        self._has_news.set()


def write_message(type_: str, *, at: datetime, **members: Any) -> str:  # noqa: ANN401 (JSON)
    """Return a message that is no event: it has no number."""
    known = {name: value for name, value in members.items() if value is not None}
    return encode({"v": 1, "type": type_, "timestamp": at, **known})
