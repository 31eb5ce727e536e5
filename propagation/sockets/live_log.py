"""The living end of one project's log, and who listens to it."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from propagation.services.messages import Message
from propagation.services.topics import Topic
from propagation.sockets.line import Line

KEPT = 500
"""Messages that are kept for those who come back, so that they need not be read again for each."""


@dataclass(eq=False, kw_only=True)
class Listening:
    """What one line hears of one project. seq: it has heard all that it should up to there."""

    line: Line
    topics: dict[str, Topic] = field(default_factory=dict)
    seq: int = 0
    is_forbidden: bool = False

    def hear(self, messages: Iterable[Message]) -> bool:
        """Put what is new and of its topics on the line; False when the line is full."""
        for message in messages:
            if message.seq <= self.seq:
                continue
            if message.belongs_to(self.topics.values()) and not self.line.put(message.text):
                return False
            self.seq = message.seq
        return True


class LiveLog:
    """Told of each event once, in order; passes it on to whom it concerns.

    Used from the event loop's thread only. seq: the newest event that it was told of.
    """

    def __init__(self, *, project_id: int, code: str, seq: int) -> None:
        self.project_id = project_id
        self.code = code
        self.seq = seq
        self.joining: set[Listening] = set()
        self.listening: dict[Line, Listening] = {}
        self._recent: deque[Message] = deque(maxlen=KEPT)
        self._asked: dict[str, int] | None = None

    @property
    def name(self) -> str:
        """The topic that is all of it."""
        return f"project:{self.code}"

    @property
    def is_used(self) -> bool:
        """Whether anybody listens, or is about to."""
        return bool(self.listening or self.joining)

    @property
    def asked(self) -> dict[str, int]:
        """The entities that somebody wants to hear of: ids by code."""
        if self._asked is None:
            topics = {t.name: t for one in self.listening.values() for t in one.topics.values()}
            self._asked = merge_members(topics.values())
        return self._asked

    def add(self, one: Listening) -> None:
        """Pass on to it what comes from now on. It has heard all up to here."""
        self.listening[one.line] = one
        self._asked = None

    def replace(self, one: Listening) -> None:
        """Pass on what its topics are by now; to one without any, nothing more."""
        if one.topics:
            self.add(one)
        else:
            self.remove(one.line)

    def remove(self, line: Line) -> None:
        """Pass nothing on to the line any more."""
        if self.listening.pop(line, None) is not None:
            self._asked = None

    def pass_on(self, messages: Sequence[Message]) -> list[Listening]:
        """Pass on what comes next; return those whose lines are full."""
        full = [one for one in self.listening.values() if not one.hear(messages)]
        self._recent.extend(messages)
        self.seq = messages[-1].seq
        return full

    def catch_up(self, one: Listening) -> bool:
        """Put on the line what came since, if all of it is still known here; else do nothing.

        Which entities a run reaches is only known of those that somebody asked for at the time.
        """
        if one.seq >= self.seq:
            return True
        is_known = bool(self._recent) and self._recent[0].seq <= one.seq + 1
        is_plain = not any(topic.members for topic in one.topics.values())
        return is_known and is_plain and one.hear(self._recent)


def merge_members(topics: Iterable[Topic]) -> dict[str, int]:
    """Return the entities that the topics are about: ids by code."""
    merged: dict[str, int] = {}
    for topic in topics:
        merged.update(topic.members)
    return merged
