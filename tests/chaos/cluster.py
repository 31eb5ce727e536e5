"""A PostgreSQL of its own, which a storm may crash."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Event

import psycopg
import pytest

from tests.chaos.stack import Stack

ACCOUNT = "postgres"
"""PostgreSQL does not run as root."""
WAIT_S = 0.2


@dataclass(kw_only=True)
class Cluster:
    """One server on a port of its own, in a folder of its own."""

    binaries: Path
    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """The database that it holds."""
        return f"postgres://{ACCOUNT}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start the server, and wait until it takes connections."""
        self.process = subprocess.Popen(
            [
                *as_account(),
                str(self.binaries / "postgres"),
                *("-D", str(self.folder), "-p", str(self.port)),
                *("-F", "-N", "200", "-c", "unix_socket_directories="),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while True:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url):
                return
            Event().wait(WAIT_S)

    def crash(self, stack: Stack, random: Random) -> None:
        """Kill a backend: the server ends all sessions, and recovers from its journal."""
        del stack
        with suppress(psycopg.OperationalError), psycopg.connect(self.url) as connection:
            pids = [
                pid
                for (pid,) in connection.execute(
                    "SELECT pid FROM pg_stat_activity "
                    "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                )
            ]
            if pids:
                os.kill(random.choice(pids), signal.SIGKILL)

    def stop(self) -> None:
        """End the server at once."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGQUIT)
            self.process.wait()


def as_account() -> list[str]:
    """Return how to run a program as somebody other than root, if that is who runs this."""
    account = ["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]
    return ["setpriv", *account] if is_root() else []


def is_root() -> bool:
    """Tell whether root runs this."""
    return os.geteuid() == 0


@contextmanager
def run_cluster(folder: Path) -> Iterator[Cluster]:
    """Run a server in the folder until the block ends; skips where PostgreSQL is not installed."""
    pg_config = shutil.which("pg_config")
    if pg_config is None:
        pytest.skip("PostgreSQL's programs are absent")
    bindir = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=True)
    binaries = Path(bindir.stdout.strip())
    if not (binaries / "initdb").exists():
        pytest.skip("PostgreSQL's server is absent")
    if is_root():
        owner = pwd.getpwnam(ACCOUNT)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    subprocess.run(
        [*as_account(), str(binaries / "initdb"), "-D", str(folder), "-U", ACCOUNT, "-A", "trust"],
        check=True,
        capture_output=True,
    )
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    cluster = Cluster(binaries=binaries, folder=folder, port=port)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
