"""The parts of the stack, and what each of them runs."""

import os
import signal
import socket
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Event

from celery.exceptions import SecurityWarning
from django.core.management import call_command, load_command_class
from django.urls import get_resolver
from redis.exceptions import RedisError

from config.celery import app
from config.environment import get_socket_path
from config.stack.part import Part
from config.stack.ports import HOST
from config.stack.preparing import prepare
from config.stack.redis_server import (
    execute_redis,
    find_redis_binary,
    is_worth_showing,
    says_ready,
)
from config.web import serve
from propagation.live.workers import count_workers

WORKERS_START_S = 30.0
NICENESS = {"realtime": 0, "batch": 10, "background": 10}
"""On one machine, what nobody waits for gives way to the web server and the realtime lane."""
STOP_ORDER = {"guest": 0, "worker": 1, "scheduler": 2, "flower": 3, "web": 4, "redis": 5}
"""Workers first, while all they need to finish their task is there; Redis last."""
IMPORTED_EARLY = (
    "celery.apps.worker",
    "celery.backends.redis",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "channels.auth",
    "channels.generic.websocket",
    "config.bodies",  # not config.asgi: importing it makes a process the web server
    "django.core.handlers.asgi",
    "flower.command",
    "kombu.transport.redis",
    "tornado.platform.asyncio",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "propagation.sockets.routing",
    "uvicorn.protocols.websockets.auto",
)


def import_early() -> None:
    """Import, before the fork, what the parts need: once for all, and shared in memory."""
    app.loader.import_default_modules()
    for name in IMPORTED_EARLY:
        import_module(name)
    load_command_class("propagation", "scheduler")
    load_command_class("propagation", "courier")
    _ = get_resolver().url_patterns  # imports every view


def describe_redis(home: Path) -> Part:
    """Return the private Redis. Raises RedisMissingError."""
    run = partial(execute_redis, find_redis_binary(), home=home, socket_path=get_socket_path(home))
    return Part(
        name="redis",
        run=run,
        stop_order=STOP_ORDER["redis"],
        is_ready=says_ready,
        is_shown=is_worth_showing,
    )


def describe_preparation(*, after: str | None) -> Part:
    """Return the part after which the database and Redis can be used."""
    return Part(
        name="prepare", run=prepare, stop_order=STOP_ORDER["guest"], after=after, runs_once=True
    )


def describe_web(listener: socket.socket) -> Part:
    """Return the web server, on a socket that outlives it."""
    return Part(
        name="web",
        run=partial(serve_web, listener),
        stop_order=STOP_ORDER["web"],
        after="prepare",
        listeners=(listener,),
    )


def describe_worker(lane: str) -> Part:
    """Return the worker of one lane."""
    return Part(
        name=lane,
        run=partial(serve_lane, lane),
        stop_order=STOP_ORDER["worker"],
        after="prepare",
    )


def describe_scheduler(name: str) -> Part:
    """Return a loop that starts what is due and finds what was lost."""
    return Part(
        name=name,
        run=partial(call_command, "scheduler"),
        stop_order=STOP_ORDER["scheduler"],
        after="prepare",
    )


def describe_courier() -> Part:
    """Return what makes and sends notifications and webhooks."""
    return Part(
        name="courier",
        run=partial(call_command, "courier"),
        stop_order=STOP_ORDER["scheduler"],
        after="prepare",
    )


def describe_flower(*, port: int, login: str) -> Part:
    """Return Flower, which shows workers and tasks; `login` is `user:password`."""
    return Part(
        name="flower",
        run=partial(serve_flower, port=port, login=login),
        is_shown=is_flower_news,
        stop_order=STOP_ORDER["flower"],
        after="prepare",
    )


def describe_guest(run: Callable[[], None]) -> Part:
    """Return what uses the stack: it writes to the terminal itself, and Ctrl-C interrupts it."""
    return Part(
        name="guest",
        run=run,
        stop_order=STOP_ORDER["guest"],
        after="prepare",
        runs_once=True,
        owns_terminal=True,
        stop_signal=signal.SIGINT,
    )


def serve_web(listener: socket.socket) -> None:
    """Serve HTTP until SIGTERM."""
    serve(sockets=[listener])


def serve_lane(lane: str) -> None:
    """Work off one lane until SIGTERM, then end with the task at hand."""
    # It fears messages in pickle, which this installation does not accept (CELERY, accept_content).
    warnings.simplefilter("ignore", SecurityWarning)
    os.nice(NICENESS[lane])
    app.worker_main(
        [
            "--quiet",
            "worker",
            f"--queues={lane}",
            f"--hostname={lane}@%h",
            "--concurrency=1",
            "--task-events",
            "--without-mingle",
            "--without-gossip",
            "--loglevel=WARNING",
        ]
    )


def is_flower_news(line: str) -> bool:
    """Return whether a line of Flower says more than that workers are still starting."""
    return bool(line.strip()) and "flower.inspector Inspect method" not in line


def serve_flower(*, port: int, login: str) -> None:
    """Serve Flower until SIGTERM. The password is in no command line: this process is a fork.

    It asks once, when it starts, which queues there are; before the workers answer it shows none.
    """
    _wait_for_workers()
    app.start(
        [
            "--quiet",
            "flower",
            f"--address={HOST}",
            f"--port={port}",
            "--url_prefix=flower",
            f"--basic_auth={login}",
        ]
    )


def _wait_for_workers() -> None:
    """Wait until each lane has a worker, at most WORKERS_START_S."""
    deadline = time.monotonic() + WORKERS_START_S
    with suppress(RedisError):
        while not all(count_workers().values()) and time.monotonic() < deadline:
            Event().wait(0.2)
