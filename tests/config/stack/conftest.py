"""Starting processes, and ending those that were started."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.environment import PROJECT_ROOT
from tests.config.stack.processes import Started, StartProcess

CHOSEN_BY_TEST = {
    "CONTINUITY_HOME",
    "DATABASE_URL",
    "DJANGO_SETTINGS_MODULE",
    "FLOWER_BASIC_AUTH",
    "REDIS_URL",
}


@contextmanager
def starting() -> Iterator[StartProcess]:
    """Yield a function that runs Python with arguments, in the project and an environment."""
    if "DATABASE_URL" in os.environ:
        pytest.skip("starts the embedded stack, as it does without a DATABASE_URL")
    started: list[Started] = []

    def start(*arguments: str, **environment: str) -> Started:
        env = {name: value for name, value in os.environ.items() if name not in CHOSEN_BY_TEST}
        env |= {"PYTHONPATH": str(PROJECT_ROOT), "PYTHONUNBUFFERED": "1", **environment}
        started.append(Started([sys.executable, *arguments], env))
        return started[-1]

    yield start
    for process in started:
        process.end()


@pytest.fixture
def start_process() -> Iterator[StartProcess]:
    """Return how to start a process, which ends with the test."""
    with starting() as start:
        yield start


@pytest.fixture(scope="module")
def start_process_of_module() -> Iterator[StartProcess]:
    """Return how to start a process, which ends with the tests of the module."""
    with starting() as start:
        yield start


@pytest.fixture
def long_home(tmp_path: Path) -> Path:
    """Return a home whose path is too long for a unix socket."""
    return tmp_path / ("deep" * 30)
