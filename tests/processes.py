"""Real processes for the tests: a private Redis and one Celery worker per lane."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import IO

import pytest
from celery.utils.nodenames import gethostname, nodename
from django.conf import settings
from django.db import connection

from config.celery import app
from config.environment import get_socket_path
from config.stack.redis_server import find_redis_binary, list_arguments, says_ready
from propagation.execution.ready import select_ready
from propagation.models import PropagationBatch, PropagationRun, RunStatus
from propagation.models.run import WORKING_STATUSES

ROOT = Path(__file__).resolve().parent.parent
START_LIMIT_S = 60
embedded_only = pytest.mark.skipif(
    not settings.REDIS.is_private,
    reason="what one terminal runs by itself is tried where no servers are given",
)
IDLE_LIMIT_S = 20
"""What is not done by then was left undone by a test that had its reasons."""


@dataclass
class Workers:
    """The processes that this session started, by lane."""

    by_lane: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    ready_pipes: dict[str, int] = field(default_factory=dict)

    def read_log(self, lane: str) -> str:
        """Return what the worker of the lane has logged."""
        return (settings.HOME / f"worker-{lane}.log").read_text()


@contextmanager
def run_redis() -> Iterator[None]:
    """Run a private Redis in the tests' home, unless REDIS_URL names one."""
    if not settings.REDIS.is_private:
        yield
        return
    socket_path = get_socket_path(settings.HOME)
    (settings.HOME / "redis").mkdir(exist_ok=True)
    arguments = list_arguments(find_redis_binary(), home=settings.HOME, socket_path=socket_path)
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout
    with process, process.stdout as output:
        _wait_for_line(output, says_ready)
        # From here on nobody reads: Redis writes little, far below what the pipe holds.
        try:
            yield
        finally:
            process.terminate()
            output.read()


@contextmanager
def run_workers() -> Iterator[Workers]:
    """Run one worker per lane on the test database until the block ends."""
    workers = Workers()
    with ExitStack() as stack:
        stack.callback(_stop, workers.by_lane.values())
        for lane in settings.LANES:
            log = stack.enter_context((settings.HOME / f"worker-{lane}.log").open("wb"))
            read_end, write_end = os.pipe()
            workers.by_lane[lane] = subprocess.Popen(
                [sys.executable, "-m", "tests.worker", lane, str(write_end)],
                cwd=ROOT,
                env={**make_environment(), "LOG_FORMAT": "json"},
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[write_end],
            )
            os.close(write_end)
            stack.callback(os.close, read_end)
            workers.ready_pipes[lane] = read_end
        for lane, read_end in workers.ready_pipes.items():
            assert os.read(read_end, 1), (settings.HOME / f"worker-{lane}.log").read_text()
        yield workers


@contextmanager
def at_work(workers: Workers) -> Iterator[None]:
    """Let the workers consume their lanes until the block ends, and end what they have begun.

    Beside other tests they would take messages of theirs, and hold locks on what is emptied.
    """
    app.control.purge()
    nodes = {lane: _name_node(lane, process.pid) for lane, process in workers.by_lane.items()}
    for lane, node in nodes.items():
        app.control.add_consumer(lane, destination=[node], reply=True, limit=1)
    try:
        yield
        _wait_until_idle()
    finally:
        for lane, node in nodes.items():
            app.control.cancel_consumer(lane, destination=[node], reply=True, limit=1)


def _name_node(lane: str, pid: int) -> str:
    return nodename(f"{lane}-{pid}", gethostname())


def _wait_until_idle() -> None:
    """Wait until no worker has anything to do; not for what waits for somebody outside."""
    working = PropagationRun.objects.filter(status__in=[*WORKING_STATUSES, RunStatus.CANCELLING])
    ready = select_ready(PropagationBatch.objects.filter(done_at=None, run__in=working))
    ending = working.exclude(batches__done_at=None)
    deadline = time.monotonic() + IDLE_LIMIT_S
    while (ready.exists() or ending.exists()) and time.monotonic() < deadline:
        Event().wait(0.02)


def make_environment() -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": _get_database_url(),
    }


def _get_database_url() -> str:
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    credentials = f"{given['USER']}:{given['PASSWORD']}" if given["PASSWORD"] else given["USER"]
    return f"postgres://{credentials}@{given['HOST']}:{given['PORT'] or 5432}/{given['NAME']}"


def _wait_for_line(output: IO[bytes], is_wanted: Callable[[str], bool]) -> None:
    for line in output:
        if is_wanted(line.decode()):
            return
    msg = "the process ended before it was ready"
    raise RuntimeError(msg)


def _stop(processes: Iterable["subprocess.Popen[bytes]"]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(timeout=START_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
