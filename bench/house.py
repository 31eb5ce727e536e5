"""A stack of one's own, on a database that is dropped afterwards."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import IO
from uuid import uuid4

import psycopg
import redis
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def own_database(server: str | None) -> Iterator[None]:
    """Let DATABASE_URL name a new database of the server; without one, a file of SQLite."""
    os.environ.pop("DATABASE_URL", None)
    if server is None:
        os.environ.pop("REDIS_URL", None)
        yield
        return
    name = f"continuity_bench_{uuid4().hex[:8]}"
    base, _, _ = server.rpartition("/")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        os.environ["DATABASE_URL"] = f"{base}/{name}"
        try:
            yield
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def own_stack() -> Iterator[str]:
    """Run a stack until the block ends; return the address of its web server.

    Sets the environment for this process as well, which may set up Django then.
    """
    with TemporaryDirectory(prefix="continuity-bench-") as home:
        os.environ |= {
            "CONTINUITY_HOME": home,
            "CONTINUITY_SOCKETS_PER_USER": "100000",
            "CONTINUITY_REDIS_PREFIX": f"bench-{uuid4().hex[:8]}:"
            if "REDIS_URL" in os.environ
            else "",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "WARNING",
        }
        command = [sys.executable, "manage.py", "up", "--port=0", "--no-flower"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
        try:
            address = _wait_for_address(process)
            assert process.stdout  # noqa: S101 (it is a pipe)
            # Else a stack that says much waits for somebody who reads it.
            Thread(target=_pass_on, args=[process.stdout], daemon=True).start()
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
            _forget_keys()


@contextmanager
def own_process(*command: str, niceness: int = 0) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a module of this Python beside the stack until the block ends."""
    process = subprocess.Popen(  # noqa: S603
        ["nice", "-n", str(niceness), sys.executable, "-m", *command],  # noqa: S607
        cwd=ROOT,
        stdout=sys.stderr,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def _forget_keys() -> None:
    """Delete what the stack left in a Redis that others use as well."""
    prefix = os.environ["CONTINUITY_REDIS_PREFIX"]
    if prefix:
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            for key in client.scan_iter(f"{prefix}*", count=1000):
                client.delete(key)


def _pass_on(output: IO[str]) -> None:
    for line in output:
        if line.strip():
            sys.stderr.write(line)


def _wait_for_address(process: "subprocess.Popen[str]") -> str:
    address = ""
    for line in process.stdout or ():
        if line.strip().startswith("Open"):
            address = line.split()[-1].rstrip("/")
        if "Ctrl-C" in line:
            return address
    msg = "the stack did not start"
    raise SystemExit(msg)
