"""Run a slow job beside the others of its process, so that they do not wait for it."""

from datetime import datetime
from threading import Thread

from django.db import connection

from propagation.management.periodic import Job, run_job


class Beside:
    """A job that works in a thread of its own, one at a time, when there is something to do.

    The process ends when the thread has: a job that goes on for long looks whether the main thread
    lives.
    """

    def __init__(self, job: Job, *, has_work: Job) -> None:
        self.__name__ = job.__name__
        self._job, self._has_work = job, has_work
        self._thread: Thread | None = None

    def __call__(self, *, at: datetime) -> None:
        """Begin, unless it is at it, or there is nothing to do."""
        if self._thread is not None and self._thread.is_alive():
            return
        if self._has_work(at=at):
            self._thread = Thread(target=self._work, args=[at], name=self.__name__)
            self._thread.start()

    def _work(self, at: datetime) -> None:
        run_job(self._job, at=at)
        connection.close()  # that of this thread
