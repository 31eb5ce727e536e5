"""Running the whole stack in one terminal."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from functools import partial

from django.conf import settings
from django.db import connection, connections

from config.environment import get_socket_path
from config.stack import parts
from config.stack.exceptions import NotReadyError
from config.stack.flower_login import FlowerLogin, read_flower_login
from config.stack.part import Part
from config.stack.ports import HOST, choose_port, get_port
from config.stack.readiness import wait_for_answer, wait_until_ready
from config.stack.redis_server import keep_socket_folder
from config.stack.state import StackAddress, StackState, hold_home, write_state
from config.stack.supervisor import Supervisor

READY_TIMEOUT_S = 90.0
FLOWER_TIMEOUT_S = 15.0
"""After everything else is ready; Flower is not needed for anything."""


def run_stack(
    *,
    port: int,
    flower_port: int,
    with_flower: bool,
    when_ready: Callable[[StackAddress], None] | None,
    serve: bool,
) -> int:
    """Run the stack of this home until it is told to stop, and return its exit code.

    `when_ready` runs in a child of its own once the stack is ready. When it fails, the stack stops
    with its exit code; without `serve` it stops in any case once that child has ended. Raises
    StackError when the stack cannot start.
    """
    with ExitStack() as held:
        held.enter_context(hold_home(settings.HOME))
        if settings.REDIS.is_private:
            socket_path = get_socket_path(settings.HOME)
            held.enter_context(keep_socket_folder(settings.HOME, socket_path))
        listener = held.enter_context(closing(choose_port(port, say=_say)))
        web_url = f"http://{HOST}:{get_port(listener)}"
        address = StackAddress(web_url=web_url)
        flower: tuple[Part, ...] = ()
        if with_flower:
            login = read_flower_login(settings.HOME)
            chosen_port = _choose_flower_port(flower_port)
            address = _describe_address(web_url, chosen_port, login)
            flower = (parts.describe_flower(port=chosen_port, login=login.pair),)
            settings.FLOWER_URL = settings.FLOWER_URL or address.flower_url  # the web is a fork
        supervisor = Supervisor(
            (
                *_list_storage_parts(),
                parts.describe_web(listener),
                *(parts.describe_worker(lane) for lane in settings.LANES),
                # One that hangs must not leave a run waiting.
                *(parts.describe_scheduler(name) for name in ("scheduler", "scheduler-2")),
                parts.describe_courier(),
                *flower,
                parts.describe_guest(partial(_visit, address, when_ready)),
            ),
            stream=sys.stdout,
            until=None if serve else "guest",
            on_change=partial(_record, address),
        )
        parts.import_early()
        connections.close_all()  # two processes must not share a connection
        try:
            return supervisor.run()
        finally:
            _fold_write_ahead_log()


def _choose_flower_port(wanted: int) -> int:
    """Return a port that is free now: Flower can only bind it itself."""
    with closing(choose_port(wanted, say=_say)) as listener:
        return get_port(listener)


def _describe_address(web_url: str, flower_port: int, login: FlowerLogin) -> StackAddress:
    return StackAddress(
        web_url=web_url,
        flower_url=f"http://{HOST}:{flower_port}/flower/",
        flower_user=login.user,
        flower_password_file=str(login.file) if login.file else None,
    )


def _list_storage_parts() -> tuple[Part, ...]:
    if not settings.REDIS.is_private:
        return (parts.describe_preparation(after=None),)
    redis = parts.describe_redis(settings.HOME)
    return (redis, parts.describe_preparation(after=redis.name))


def _visit(address: StackAddress, when_ready: Callable[[StackAddress], None] | None) -> None:
    """Wait until the stack is ready, then do what the caller wants to do with it."""
    try:
        wait_until_ready(address.web_url, timeout_s=READY_TIMEOUT_S)
    except NotReadyError as error:
        sys.exit(str(error))
    if address.flower_url and not wait_for_answer(address.flower_url, timeout_s=FLOWER_TIMEOUT_S):
        _say(f"Flower does not answer at {address.flower_url}; everything else is ready")
    if when_ready is not None:
        when_ready(address)


def _fold_write_ahead_log() -> None:
    """Make SQLite's database one file again: killed processes leave their last writes beside it."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.close()


def _record(address: StackAddress, living: Mapping[str, int]) -> None:
    write_state(settings.HOME, StackState(pid=os.getpid(), address=address, parts=living))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
