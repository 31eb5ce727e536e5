"""What `manage.py doctor` looks at: each check says what it found and how to mend it."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from config.celery import app
from config.stack.exceptions import RedisMissingError
from config.stack.preparing import count_pending_migrations
from config.stack.readiness import READY_PATH, ask
from config.stack.redis_server import find_redis_binary
from config.stack.state import StackState, find_running, is_alive
from propagation.live.workers import COURIER, SCHEDULER, count_processes

OLDEST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 1_000_000_000
ANSWER_S = 2.0
"""What Redis, the web server and the workers get to answer."""
START = "start it with `make up`"
NOT_RUNNING = "not running"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One component: whether it is well, what was found, and else how to mend it."""

    name: str
    is_ok: bool
    found: str
    remedy: str = ""


def run_checks() -> Iterator[Check]:
    """Yield one finding per component, cheap ones first.

    With a shared Redis and no stack of this home, web and Flower run elsewhere and are not looked
    at.
    """
    running = find_running(settings.HOME)
    yield check_python(sys.version_info[:2])
    yield check_home(settings.HOME)
    yield check_disk(settings.HOME)
    yield check_database()
    redis_check = check_redis()
    yield redis_check
    yield from check_workers(find_lanes() if redis_check.is_ok else set())
    for kind in (SCHEDULER, COURIER):
        yield check_process(kind, count_living(kind) if redis_check.is_ok else 0)
    if running is not None or settings.REDIS.is_private:
        yield check_web(running)
        yield check_flower(running)


def check_python(version: tuple[int, ...]) -> Check:
    """Check that this Python is one that the project supports."""
    return Check(
        name="Python",
        is_ok=version >= OLDEST_PYTHON,
        found=f"{platform.python_version()} ({sys.executable})",
        remedy="install Python 3.11 or later, remove .venv and run `make install`",
    )


def check_home(home: Path) -> Check:
    """Check that the home can be written to, or be made."""
    return Check(
        name="Home",
        is_ok=os.access(_find_existing(home), os.W_OK | os.X_OK),
        found=str(home) if home.exists() else f"{home}, not made yet",
        remedy="make it writable, or let CONTINUITY_HOME name another folder",
    )


def check_disk(home: Path) -> Check:
    """Check that the disk of the home has room."""
    free = shutil.disk_usage(_find_existing(home)).free
    return Check(
        name="Disk",
        is_ok=free >= LEAST_FREE_BYTES,
        found=f"{free / 1e9:.1f} GB free",
        remedy="free at least 1 GB, or let CONTINUITY_HOME name a folder on another disk",
    )


def check_database() -> Check:
    """Check that the database answers and has all migrations."""
    name = "SQLite" if connection.vendor == "sqlite" else connection.display_name
    path = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite" and not Path(path).exists():
        return Check(name="Database", is_ok=False, found=f"{name}, not made yet", remedy=START)
    try:
        pending = count_pending_migrations()
    except DatabaseError as error:
        return Check(
            name="Database",
            is_ok=False,
            found=f"{name}, not reachable: {_first_line(error)}",
            remedy="start the server, or correct DATABASE_URL",
        )
    state = f"{pending} migrations pending" if pending else "up to date"
    return Check(
        name="Database",
        is_ok=not pending,
        found=f"{name} {path}, {state}",
        remedy="run `manage.py migrate`",
    )


def check_redis() -> Check:
    """Check that Redis answers, and that it refuses writes rather than forget messages."""
    try:
        where = describe_redis()
    except RedisMissingError as error:
        remedy = f"run `{error.install_command}`, or let REDIS_URL name one that runs elsewhere"
        return Check(name="Redis", is_ok=False, found="no redis-server", remedy=remedy)
    client = redis.Redis.from_url(
        settings.REDIS.client, socket_connect_timeout=ANSWER_S, socket_timeout=ANSWER_S
    )
    try:
        version = client.info("server")["redis_version"]
        policy = _read_policy(client)
    except redis.RedisError as error:
        return _describe_silent_redis(where, error)
    finally:
        client.close()
    return Check(
        name="Redis",
        is_ok=policy in {"noeviction", "unknown"},
        found=f"{version} on {where}, maxmemory-policy {policy}",
        remedy="set maxmemory-policy to noeviction, else Redis drops messages when it is full",
    )


def describe_redis() -> str:
    """Return where Redis is, without its password.

    Raises RedisMissingError when the private one cannot be started.
    """
    if settings.REDIS.is_private:
        return f"a private socket, by {find_redis_binary()}"
    parts = urlsplit(settings.REDIS.client)
    return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path


def _describe_silent_redis(where: str, error: redis.RedisError) -> Check:
    if settings.REDIS.is_private:
        return Check(name="Redis", is_ok=False, found=f"{NOT_RUNNING} ({where})", remedy=START)
    return Check(
        name="Redis",
        is_ok=False,
        found=f"{where} does not answer: {_first_line(error)}",
        remedy="start the server, or correct REDIS_URL",
    )


def _read_policy(client: "redis.Redis") -> str:
    """Return the eviction policy; hosted servers may not tell."""
    with suppress(redis.ResponseError):
        return str(client.config_get("maxmemory-policy").get("maxmemory-policy", "unknown"))
    return "unknown"


def find_lanes() -> set[str]:
    """Return the lanes from which a worker that answers takes its tasks."""
    with suppress(*app.connection_for_read().connection_errors):
        replies = app.control.inspect(timeout=ANSWER_S, limit=len(settings.LANES)).active_queues()
        return {queue["name"] for queues in (replies or {}).values() for queue in queues}
    return set()


def check_workers(lanes: set[str]) -> Iterator[Check]:
    """Check that each lane has a worker."""
    for lane in settings.LANES:
        is_there = lane in lanes
        yield Check(
            name=f"Worker {lane}",
            is_ok=is_there,
            found="answers" if is_there else NOT_RUNNING,
            remedy=START,
        )


def count_living(kind: str) -> int:
    """Return how many schedulers, or couriers, have said lately that they live."""
    with suppress(redis.RedisError):
        return count_processes(kind)
    return 0


def check_process(kind: str, count: int) -> Check:
    """Check that one lives.

    Without a scheduler nothing that was lost is sent again, without a courier nobody is notified.
    """
    return Check(
        name=kind.capitalize(),
        is_ok=count > 0,
        found=f"{count} alive" if count else NOT_RUNNING,
        remedy=f"start it with `make up`, or `manage.py {kind}` beside a shared Redis",
    )


def check_flower(running: StackState | None) -> Check:
    """Check that Flower runs, when the stack of this home has it."""
    if running and running.address.flower_url is None:
        return Check(name="Flower", is_ok=True, found="left out (--no-flower)")
    check = _check_part(running, part="flower", name="Flower")
    if not check.is_ok or running is None:
        return check
    return Check(name="Flower", is_ok=True, found=str(running.address.flower_url))


def check_web(running: StackState | None) -> Check:
    """Check that the web server of this home says that it is ready."""
    if running is None:
        return Check(name="Web", is_ok=False, found=NOT_RUNNING, remedy=START)
    url = running.address.web_url
    status, answer = ask(url, READY_PATH, timeout_s=2 * ANSWER_S)
    is_ready = status == HTTPStatus.OK
    return Check(
        name="Web",
        is_ok=is_ready,
        found=url if is_ready else f"{url} is not ready: {answer[:200]}",
        remedy="read what the stack prints in its terminal",
    )


def _check_part(running: StackState | None, *, part: str, name: str) -> Check:
    pid = running.parts.get(part) if running else None
    is_there = pid is not None and is_alive(pid)
    return Check(
        name=name,
        is_ok=is_there,
        found=f"process {pid}" if is_there else NOT_RUNNING,
        remedy="read what the stack prints in its terminal" if running else START,
    )


def _find_existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
