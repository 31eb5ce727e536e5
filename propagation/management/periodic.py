"""Run jobs again and again until SIGTERM, for months: what fails is said and tried again."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from socket import gethostname

from django.db import close_old_connections, connection
from django.dispatch import Signal
from django.utils import timezone
from redis.exceptions import RedisError
from structlog.contextvars import bind_contextvars, clear_contextvars

from propagation.live.workers import announce_process

logger = logging.getLogger(__name__)

ANNOUNCE_EVERY_S = 2.0

STARTED, ENDED = Signal(), Signal()
"""Sent by its name when such a process begins, and before it ends."""

Job = Callable[..., object]
"""Called with `at`, the time it is now: a datetime."""


class Announcement:
    """A job: say that this process lives, every few seconds. Without Redis, nobody is told."""

    def __init__(self, kind: str) -> None:
        self.__name__ = f"announce_{kind}"
        self._kind = kind
        self._next_at = 0.0

    def __call__(self, *, at: datetime) -> None:
        """Say so, unless it was said just now."""
        if at.timestamp() < self._next_at:
            return
        self._next_at = at.timestamp() + ANNOUNCE_EVERY_S
        try:
            announce_process(self._kind, hostname=f"{gethostname()}:{os.getpid()}")
        except RedisError as error:
            logger.warning("%s_not_announced error=%s", self._kind, error)


def run_periodically(*, name: str, jobs: Sequence[Job], interval_s: float) -> None:
    """Run the jobs one after the other, every interval_s seconds, until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    STARTED.send(sender=name)
    while not stop.is_set():
        close_old_connections()
        for job in jobs:
            run_job(job, at=timezone.now())
        stop.wait(interval_s)
    ENDED.send(sender=name)


def run_job(job: Job, *, at: datetime) -> None:
    """Run it; what fails is said. Log lines, also those of tasks that it sends, name it."""
    clear_contextvars()
    bind_contextvars(job=job.__name__)
    try:
        job(at=at)
    except Exception:
        logger.exception("%s_failed", job.__name__)
        connection.close()
