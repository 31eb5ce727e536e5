"""Wait for a project's log to go on: one reader of the rows for all who wait in this process."""

import logging
import time
from collections import Counter
from threading import Condition, Event, Thread

from django.db import connection

from propagation.live.events import read_seqs

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.05
"""One small statement this often while somebody waits, however many they are. No signal has to
arrive for an event to be seen, so nobody waits longer while Redis is away."""
AFTER_FAULT_S = 1.0


class Tail:
    """Looks at the counters of the projects that somebody waits for, in a thread of its own."""

    def __init__(self) -> None:
        self._moved = Condition()
        self._waiting = Counter[int]()
        self._seqs: dict[int, int] = {}
        self._thread: Thread | None = None

    def wait(self, *, project_id: int, after: int, timeout_s: float) -> bool:
        """Return as soon as the project has an event beyond `after`; False when the time is up."""
        with self._moved:
            self._waiting[project_id] += 1
            if self._thread is None:
                self._thread = Thread(target=self._look_on, name="event-tail", daemon=True)
                self._thread.start()
            try:
                return self._moved.wait_for(
                    lambda: self._seqs.get(project_id, 0) > after, timeout=timeout_s
                )
            finally:
                self._waiting[project_id] -= 1
                if not self._waiting[project_id]:
                    del self._waiting[project_id]
                    # What it was is of no use to whoever waits next, after a restored backup, say.
                    self._seqs.pop(project_id, None)

    def _look_on(self) -> None:
        try:
            while watched := self._find_watched():
                started = time.monotonic()
                try:
                    seqs = read_seqs(watched)
                except Exception:  # others wait on: say what happened and go on
                    logger.exception("event_tail_interrupted")
                    connection.close()
                    Event().wait(AFTER_FAULT_S)
                    continue
                with self._moved:
                    has_moved = any(seqs[pk] != self._seqs.get(pk) for pk in seqs)
                    self._seqs.update({pk: seq for pk, seq in seqs.items() if pk in self._waiting})
                    if has_moved:
                        self._moved.notify_all()
                Event().wait(max(0.0, LOOK_EVERY_S - (time.monotonic() - started)))
        finally:
            connection.close()

    def _find_watched(self) -> list[int]:
        """Return the projects that somebody waits for; when there is none, the thread is over."""
        with self._moved:
            if not self._waiting:
                self._thread = None
            return list(self._waiting)


TAIL = Tail()
"""That of this process."""
