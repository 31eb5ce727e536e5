"""/ws/v1: one client's connection, from the handshake to its end."""

import asyncio
import logging
from contextlib import suppress
from secrets import token_hex

from channels.generic.websocket import AsyncWebsocketConsumer

from propagation.sockets import asking
from propagation.sockets.commands import carry_out
from propagation.sockets.entrance import admit
from propagation.sockets.hub import (
    HEARTBEAT_S,
    HUB,
    POLICY_VIOLATION,
    TooManyLinesError,
)
from propagation.sockets.line import Line

logger = logging.getLogger(__name__)

TRY_LATER = 1013
RETRY_S = 60
MOST_ASKED, WITHIN_S = 100, 10.0
"""Messages that a client may send within so many seconds."""


class LiveConsumer(AsyncWebsocketConsumer):
    """A connection. All that is sent goes over its line, in order."""

    line: Line | None = None

    async def connect(self) -> None:
        """Let the client in, or refuse the handshake with 403."""
        guest = await admit(self.scope)
        if guest is None:
            await self.close()
            return
        await self.accept()
        line = Line(guest=guest, send=self.send)
        self._asked: asyncio.Queue[asking.Asked] = asyncio.Queue(MOST_ASKED)
        self._count, self._count_since = 0, asyncio.get_running_loop().time()
        self._tasks = [asyncio.create_task(self._write(line))]
        try:
            HUB.open(line)
        except TooManyLinesError:
            line.tell("bye", code="too-many-sockets", retry_s=RETRY_S)
            line.end(code=TRY_LATER)
            return
        self.line = line
        self._tasks.append(asyncio.create_task(self._work(line)))
        line.tell("hello", session=token_hex(8), user=guest.user.username, heartbeat_s=HEARTBEAT_S)

    async def receive(
        self,
        text_data: str | None = None,
        bytes_data: bytes | None = None,  # noqa: ARG002 (Channels' name)
    ) -> None:
        """Hear what the client asks: it is done in that order, but a ping is answered at once."""
        if self.line is None:
            return
        if self._asks_too_much() or self._asked.full():
            self.line.tell("bye", code="rate-limited", retry_s=WITHIN_S)
            self.line.end(code=POLICY_VIOLATION)
            return
        try:
            asked = asking.read_message(text_data or "")
        except asking.BadMessageError as error:
            self.line.tell("error", id=error.reference, code=error.code, detail=str(error))
            return
        if isinstance(asked, asking.Ping):
            self.line.tell("pong", id=asked.reference)
        else:
            self._asked.put_nowait(asked)

    async def disconnect(self, code: int) -> None:
        """Forget the client."""
        del code
        for task in getattr(self, "_tasks", ()):
            task.cancel()
        if self.line is not None:
            await HUB.close(self.line)

    async def _write(self, line: Line) -> None:
        """Send what is put on the line; when it ends, so does the connection."""
        # The client is gone, as ASGI says it; or the server closes the connection itself.
        with suppress(OSError, RuntimeError):
            await line.drain()
            await self.close(code=line.close_code)

    async def _work(self, line: Line) -> None:
        while True:
            await carry_out(line, await self._asked.get())

    def _asks_too_much(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._count_since > WITHIN_S:
            self._count, self._count_since = 0, now
        self._count += 1
        return self._count > MOST_ASKED
