"""A stack of its own for a storm: database, Redis, web server, workers and schedulers, by pid.

Whatever ends is started again, as a supervisor would.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from config.stack.redis_server import find_redis_binary, says_ready
from tests.processes import ROOT

LANES = "realtime,batch,background"
CELERY_WORKER = ("-m", "celery", "--app", "config.celery", "worker")
WATCH_S = 0.1
"""How soon a dead process is replaced."""


@dataclass(kw_only=True)
class Stack:
    """The processes of one storm, and how to start each of them again."""

    home: Path
    environment: Mapping[str, str]
    commands: dict[str, list[str]] = field(default_factory=dict)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    deaths: dict[str, int] = field(default_factory=dict)
    is_over: Event = field(default_factory=Event)

    def start(self, name: str, *command: str) -> None:
        """Start a process, and start it again whenever it ends."""
        self.commands[name] = list(command)
        self._spawn(name)

    def _spawn(self, name: str) -> None:
        with (self.home / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.commands[name],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its children end with it, and no signal of ours leaks
            )

    def watch(self) -> None:
        """Replace what has ended, until the storm is over."""
        while not self.is_over.wait(WATCH_S):
            for name, process in list(self.running.items()):
                if process.poll() is not None:
                    self.deaths[name] = self.deaths.get(name, 0) + 1
                    self._spawn(name)

    def stop(self) -> None:
        """End every process that was started here."""
        self.is_over.set()
        for process in self.running.values():
            end(process)

    def list_names(self, prefix: str) -> list[str]:
        """Return the names of the processes whose names begin so."""
        return [name for name in self.running if name.startswith(prefix)]

    def connect(self) -> Redis:
        """Return a client of the storm's own Redis."""
        return Redis.from_url(self.environment["REDIS_URL"], socket_timeout=2)

    def manage(self, *arguments: str) -> str:
        """Run a management command on the storm's database; return what it wrote."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and its children: it leads a session of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def list_children(pid: int) -> list[int]:
    """Return the pids of a process's children."""
    with suppress(FileNotFoundError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@contextmanager
def run_stack(
    *,
    home: Path,
    database_url: str,
    workers: int,
    worker: tuple[str, ...] = CELERY_WORKER,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """Run a stack on a migrated database until the block ends. worker: Python's arguments."""
    path = home / "redis.sock"
    stack = Stack(
        home=home,
        environment={
            "CONTINUITY_HOME": str(home),
            "CONTINUITY_REDIS_PREFIX": "",
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "WARNING",
            "REDIS_URL": f"unix://{path}",
            **(environment or {}),
        },
    )
    redis = [str(find_redis_binary()), "--port", "0", "--unixsocket", str(path), "--save", ""]
    try:
        stack.manage("migrate", "--verbosity", "0")
        stack.start("redis", *redis)
        for number in range(workers):
            name = f"worker-{number}"
            stack.start(
                name,
                sys.executable,
                *worker,
                f"--queues={LANES}",
                f"--hostname={name}@%h",
                "--concurrency=1",
                "--without-mingle",
                "--without-gossip",
                "--loglevel=ERROR",
            )
        for number in range(2):
            stack.start(f"scheduler-{number}", sys.executable, "manage.py", "scheduler")
        watcher = Thread(target=stack.watch)
        watcher.start()
        try:
            yield stack
        finally:
            stack.is_over.set()
            watcher.join()
    finally:
        stack.stop()


def wait_for_redis(stack: Stack) -> None:
    """Wait until the storm's Redis answers."""
    while not stack.is_over.wait(WATCH_S):
        with suppress(RedisError), stack.connect() as client:
            client.ping()
            return


def pick(random: Random, names: list[str]) -> Any:  # noqa: ANN401 (what is in the list)
    """Return one of the names."""
    return random.choice(sorted(names))


__all__ = ["Stack", "end", "list_children", "pick", "run_stack", "says_ready", "wait_for_redis"]
