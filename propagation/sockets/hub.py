"""The hub of a web process: one reader of the database for all who are connected to it.

No signal has to arrive for an event to be seen: the hub looks at the event counters many times in
a second, with one small statement for all. So Redis may be away, and nobody waits longer for it.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.utils import timezone

from propagation.exceptions import EventsTrimmedError
from propagation.live.queues import read_broker
from propagation.notices.inbox import read_unread
from propagation.services.edit_leases import end_leases, renew_leases
from propagation.services.queues import describe_queues, read_work
from propagation.services.topics import Topic
from propagation.sockets import reading
from propagation.sockets.database import Reader, in_database
from propagation.sockets.line import Line, write_message
from propagation.sockets.logs import Logs
from propagation.sockets.states import StateFeed

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.02
PRESENCE_EVERY_S = 0.5
STATE_PERIODS = {"me": 0.25, "queues": 2.0}
"""Topics that have a present and no log, and how often that is looked at; seconds."""
RENEW_EVERY_S = 10
HEARTBEAT_S = 15
AFTER_FAULT_S = 1.0
BYE_RETRY_S = (0.25, 2.0)
BYE_LIMIT_S = 2.0
SERVICE_RESTART, POLICY_VIOLATION = 1012, 1008
"""Codes with which a WebSocket is closed (RFC 6455 and its registry)."""


class TooManyLinesError(Exception):
    """The user has as many connections as one may, or this process as many as it can take."""


class Hub:
    """All lines of this process. Used from the event loop's thread only."""

    def __init__(self) -> None:
        self.lines: set[Line] = set()
        self._reader, self._state_reader = Reader(), Reader()
        self._presence: StateFeed[str] = StateFeed(type_="presence", read=self._read_presence)
        self._presence_topics: dict[str, Topic] = {}
        self._states: dict[str, StateFeed[Any]] = {
            "me": StateFeed(type_="notification", read=self._read_inboxes),
            "queues": StateFeed(type_="queue_health", read=self._read_queues),
        }
        self.logs = Logs(
            self._reader, on_leave=lambda line, name: self._presence.remove(name, line)
        )
        self._tasks: list[asyncio.Task[None]] = []

    def open(self, line: Line) -> None:
        """Take a line; TooManyLinesError."""
        of_user = sum(one.user.pk == line.user.pk for one in self.lines)
        if of_user >= settings.SOCKETS_PER_USER or len(self.lines) >= settings.SOCKETS:
            raise TooManyLinesError
        self.lines.add(line)
        if not self._tasks:
            self._start()

    async def close(self, line: Line) -> None:
        """Let a line go, and whatever somebody was at over it."""
        self.lines.discard(line)
        self.logs.leave_all(line)
        for feed in (self._presence, *self._states.values()):
            feed.forget(line)
        tokens = list(line.leases.values())
        line.leases.clear()
        if tokens:
            await in_database(partial(end_leases, tokens=tokens))

    async def subscribe(
        self, *, line: Line, topics: Sequence[Topic], since: int | None, reference: object = None
    ) -> None:
        """Let the line hear of topics of one project, as Logs.join does, and say when it does.

        `ready` comes between the past and what happens; `gap`, and nothing else, when what comes
        next is not kept any more.
        """
        name = f"project:{topics[0].project_code}"
        try:
            one = await self.logs.join(line, topics, since)
        except EventsTrimmedError as error:
            line.tell(
                "gap",
                id=reference,
                topic=name,
                topics=sorted(topic.name for topic in topics),
                oldest=error.oldest,
                newest=error.newest,
            )
            return
        line.tell("ready", id=reference, topic=name, topics=sorted(one.topics), seq=one.seq)
        for topic in topics:
            if topic.run_id is None:
                self._presence_topics[topic.name] = topic
                self._presence.add(topic.name, line)

    def watch_state(self, line: Line, name: str) -> None:
        """Let the line know how something is that has no log: one of STATE_PERIODS."""
        self._states[name].add(_find_key(line, name), line)

    def forget_state(self, line: Line, name: str) -> bool:
        """Let the line know it no more; whether it did."""
        return self._states[name].remove(_find_key(line, name), line)

    async def say_bye(self) -> None:
        """Tell all that this process ends, and when to come back; what waits is sent before."""
        for line in self.lines:
            retry_s = random.uniform(*BYE_RETRY_S)  # noqa: S311 (not all at once)
            line.tell("bye", retry_s=round(retry_s, 2))
            line.end(code=SERVICE_RESTART)
        drained = [asyncio.ensure_future(line.is_drained.wait()) for line in self.lines]
        if drained:
            await asyncio.wait(drained, timeout=BYE_LIMIT_S)

    def _start(self) -> None:
        jobs: list[tuple[Callable[[], Awaitable[None]], float]] = [
            (self.logs.look, LOOK_EVERY_S),
            (self._presence.look, PRESENCE_EVERY_S),
            *((feed.look, STATE_PERIODS[name]) for name, feed in self._states.items()),
            (self._renew, RENEW_EVERY_S),
            (self._beat, HEARTBEAT_S),
            (self._check, settings.SOCKET_CHECK_S),
            (self._drop_stalled, HEARTBEAT_S),
        ]
        self._tasks = [asyncio.create_task(_repeat(job, every_s)) for job, every_s in jobs]

    async def _renew(self) -> None:
        """Say for those who are connected that they go on with what they are at."""
        tokens = [token for line in self.lines for token in line.leases.values()]
        if tokens:
            # Not by the reader: a write may have to wait for others.
            await in_database(partial(renew_leases, tokens=tokens, at=timezone.now()))

    async def _beat(self) -> None:
        text = write_message("heartbeat", at=timezone.now())
        for line in self.lines:
            line.put(text)

    async def _check(self) -> None:
        """Let go whoever may not be connected any more, and what each may not hear any more."""
        if not self.lines:
            return
        ask = partial(
            reading.find_allowed,
            guests=[line.guest for line in self.lines],
            at=timezone.now(),
        )
        allowed = await self._state_reader.read(ask)
        for line in list(self.lines):
            if not allowed.may_stay(line.guest):
                line.tell("bye", code="unauthenticated")
                line.end(code=POLICY_VIOLATION)
            if line.user.pk not in allowed.staff and self.forget_state(line, "queues"):
                line.tell("error", code="forbidden", topics=["queues"])
        self.logs.cut_forbidden(allowed)

    async def _drop_stalled(self) -> None:
        """Let go whoever takes nothing any more: the network may have gone without a word."""
        for line in [line for line in self.lines if line.is_stalled]:
            logger.info("line_dropped user=%s", line.user.pk)
            await self.close(line)

    async def _read_presence(self, names: Collection[str]) -> Mapping[str, Any]:
        topics = {name: self._presence_topics[name] for name in names}
        self._presence_topics = topics  # nobody asks for the others any more
        read = partial(reading.read_presence, topics, at=timezone.now())
        return await self._state_reader.read(read)

    async def _read_inboxes(self, user_ids: Collection[int]) -> Mapping[int, Any]:
        unread = await self._state_reader.read(partial(read_unread, user_ids=user_ids))
        return {pk: {"unread": count} for pk, count in unread.items()}

    async def _read_queues(self, names: Collection[str]) -> Mapping[str, Any]:
        # In a thread that Redis may keep waiting: others go on.
        broker = await asyncio.to_thread(read_broker)
        work = await self._state_reader.read(partial(read_work, at=timezone.now()))
        return dict.fromkeys(names, describe_queues(work=work, broker=broker))


def _find_key(line: Line, name: str) -> object:
    """Return whose state a topic is: of some, everybody has their own."""
    return line.user.pk if name == "me" else name


async def _repeat(job: Callable[[], Awaitable[None]], every_s: float) -> None:
    """Do the job every so many seconds; what fails is said, and tried again."""
    loop = asyncio.get_running_loop()
    next_at = loop.time()
    while True:
        next_at = max(next_at + every_s, loop.time())
        await asyncio.sleep(next_at - loop.time())
        try:
            await job()
        except Exception:  # it is to run for months
            logger.exception("hub_interrupted job=%s", job)
            await asyncio.sleep(AFTER_FAULT_S)


HUB = Hub()
"""That of this process."""
