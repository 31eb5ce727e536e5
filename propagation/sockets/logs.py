"""The logs that lines listen to: who joins gets the past first, and misses nothing in between."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from assets.exceptions import ProjectNotFoundError
from propagation.live.events import read_seqs
from propagation.services.topics import Topic
from propagation.sockets import reading
from propagation.sockets.database import Reader, in_database
from propagation.sockets.line import Line
from propagation.sockets.live_log import Listening, LiveLog
from propagation.sockets.reading import Allowed


class Logs:
    """The living logs of a process. Used from the event loop's thread only."""

    def __init__(self, reader: Reader, *, on_leave: Callable[[Line, str], object]) -> None:
        self._reader = reader
        self._on_leave = on_leave
        self._logs: dict[int, LiveLog] = {}
        self._looking = asyncio.Lock()

    def is_listening(self, line: Line, project_id: int) -> bool:
        """Tell whether the line hears anything of the project."""
        return project_id in self._logs and line in self._logs[project_id].listening

    def list_topics(self, line: Line) -> list[str]:
        """Return the names of all that the line hears of."""
        listening = [log.listening[line] for log in self._logs.values() if line in log.listening]
        return [name for one in listening for name in one.topics]

    async def join(self, line: Line, topics: Sequence[Topic], since: int | None) -> Listening:
        """Let the line hear of topics of one project: from `since` on, or from now.

        What came since then is put on the line first, as fast as the client takes it.
        EventsTrimmedError when what comes next is not kept any more. A line that hears of the
        project already can hear of more of it from now on only.
        """
        log = await self._open(topics[0])
        one = Listening(line=line, topics={topic.name: topic for topic in topics})
        log.joining.add(one)
        try:
            if since is None or line in log.listening:
                return await self._join_now(log, one)
            one.seq = since
            while not await self._join_from(log, one):
                while not (await _replay(log, one)).is_last:
                    pass
            return one
        finally:
            log.joining.discard(one)

    def leave(self, line: Line, names: Sequence[str]) -> list[str]:
        """Let the line hear of these topics no more; return those of which it did."""
        left = []
        for log in self._logs.values():
            one = log.listening.get(line)
            if one is None:
                continue
            found = [name for name in names if one.topics.pop(name, None)]
            log.replace(one)
            left += found
        for name in left:
            self._on_leave(line, name)
        return left

    def leave_all(self, line: Line) -> None:
        """Let the line hear nothing any more."""
        self.leave(line, self.list_topics(line))

    def cut_forbidden(self, allowed: Allowed) -> None:
        """Let nobody hear of a project that they may not see any more."""
        for log in self._logs.values():
            for one in log.joining:
                one.is_forbidden = not allowed.may_hear(one.line.user.pk, log.project_id)
            for line, one in list(log.listening.items()):
                if not allowed.may_hear(line.user.pk, log.project_id):
                    names = sorted(one.topics)
                    self.leave(line, names)
                    line.tell("error", code="not-found", topics=names)

    async def look(self) -> None:
        """Pass on what is new; one statement while nothing is."""
        async with self._looking:
            self._logs = {pk: log for pk, log in self._logs.items() if log.is_used}
            places = {
                pk: reading.Place(seq=log.seq, asked=log.asked) for pk, log in self._logs.items()
            }
            if not places:
                return
            found, behind = await self._reader.read(partial(reading.read_on, places))
            for pk, messages in found.items():
                for one in self._logs[pk].pass_on(messages):
                    self._cut(self._logs[pk], one, since=one.seq)
            for pk in behind:  # somebody restored the database from a backup
                for one in list(self._logs[pk].listening.values()):
                    self._cut(self._logs[pk], one, since=None)

    async def _join_now(self, log: LiveLog, joining: Listening) -> Listening:
        async with self._looking:  # nothing is passed on meanwhile
            one = log.listening.get(joining.line) or Listening(line=joining.line, seq=log.seq)
            one.topics.update(joining.topics)
            log.replace(one)
        return one

    async def _join_from(self, log: LiveLog, one: Listening) -> bool:
        """Join when what is left of the past fits on the line at once; whether it did.

        All others wait meanwhile: for the database, but never for the client.
        """
        async with self._looking:
            if not log.catch_up(one):
                page = await _read_page(log, one)
                if not page.is_last or not one.hear(page.messages):
                    return False
                one.seq = max(page.seq, log.seq)
            log.add(one)
        return True

    def _cut(self, log: LiveLog, one: Listening, *, since: int | None) -> None:
        """Tell a line that it missed something, and pass nothing on to it until it asks again."""
        names = sorted(one.topics)
        self.leave(one.line, names)
        one.line.tell("gap", topic=log.name, topics=names, since=since, newest=log.seq)

    async def _open(self, topic: Topic) -> LiveLog:
        pk = topic.project_id
        if pk not in self._logs:
            seqs = await in_database(partial(read_seqs, [pk]))
            log = LiveLog(project_id=pk, code=topic.project_code, seq=seqs[pk])
            self._logs.setdefault(pk, log)
        return self._logs[pk]


async def _replay(log: LiveLog, one: Listening) -> reading.Page:
    """Put the next page of the past on the line, as the client takes it."""
    page = await _read_page(log, one)
    for message in page.messages:
        await one.line.wait_for_room()
        one.hear([message])
    one.seq = page.seq
    return page


async def _read_page(log: LiveLog, one: Listening) -> reading.Page:
    if one.is_forbidden:
        raise ProjectNotFoundError(log.code)
    read = partial(reading.read_page, topics=list(one.topics.values()), since=one.seq)
    return await in_database(read)
