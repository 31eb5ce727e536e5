"""What the tests of commands share."""

import time
from threading import Event

import pytest
from pytest_django import Settings

from propagation.live.workers import count_workers, forget_workers
from tests.processes import START_LIMIT_S, Workers


@pytest.fixture
def nobody_works(settings: Settings) -> None:
    """Have a prefix of one's own, below which no worker announces itself."""
    settings.REDIS_PREFIX += "commands:"
    forget_workers()


@pytest.fixture
def announced_workers(workers: Workers) -> Workers:
    """Have workers that said so: each does with its next heartbeat."""
    until = time.monotonic() + START_LIMIT_S
    while not all(count_workers().values()) and time.monotonic() < until:
        Event().wait(0.02)
    return workers
