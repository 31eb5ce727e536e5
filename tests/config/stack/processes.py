"""Processes that tests start and read line by line."""

import os
import re
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping

import pytest

from config.environment import PROJECT_ROOT

PATIENCE_S = 60


class Started:
    """A process whose output, both streams in one, is read as it comes."""

    def __init__(self, command: list[str], env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.seen: list[str] = []

    def read_until(self, pattern: str) -> re.Match[str]:
        """Return the match of the next line that has one.

        Fails when the output ends before, or when PATIENCE_S is over: the process is ended then.
        """
        assert self.process.stdout is not None
        watchdog = threading.Timer(PATIENCE_S, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stdout:
                self.seen.append(line)
                if found := re.search(pattern, line):
                    return found
        finally:
            watchdog.cancel()
        pytest.fail(f"{pattern!r} was never printed in:\n{''.join(self.seen)}")

    def read_rest(self) -> str:
        """Return what is printed up to the end."""
        assert self.process.stdout is not None
        return self.process.stdout.read()

    def send(self, number: signal.Signals) -> None:
        """Signal the process, not those that it started."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Return the exit code once the process is over."""
        return self.process.wait(PATIENCE_S)

    def end(self) -> None:
        """Make sure that the process is over; its parts end with it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


def is_gone(pid: int) -> bool:
    """Return whether the process ends within our patience (at once, when it has ended before)."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        readable, _, _ = select.select([descriptor], [], [], PATIENCE_S)
        return bool(readable)
    finally:
        os.close(descriptor)


StartProcess = Callable[..., Started]
