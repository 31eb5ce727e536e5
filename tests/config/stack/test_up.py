"""The whole stack, as a person starts it."""

import http.client
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from config.environment import get_socket_path
from config.stack.ports import choose_port, get_port
from config.stack.state import StackState, find_running
from tests.config.stack.processes import Started, StartProcess, is_gone
from tests.processes import embedded_only

pytestmark = [pytest.mark.workers, embedded_only]

StartUp = Callable[[Path], Started]
PARTS = {
    "redis",
    "web",
    "realtime",
    "batch",
    "background",
    "scheduler",
    "scheduler-2",
    "courier",
    "flower",
}


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that serves: its process, its home, what it says of itself."""

    up: Started
    home: Path
    state: StackState
    busy_port: int
    """Which it was asked to listen on."""


@pytest.fixture(scope="module")
def stack(
    start_process_of_module: StartProcess, tmp_path_factory: pytest.TempPathFactory, migrated: Path
) -> Stack:
    """Have a stack for the tests that leave it as it was; its home was used before."""
    home = make_used_home(tmp_path_factory.mktemp("home"), migrated)
    with closing(choose_port(0, say=print)) as busy:
        port = get_port(busy)
        up = start_stack(start_process_of_module, home, port=port)
        up.read_until(f"Port {port} is busy; using ")
        state = wait_until_served(up, home)
    return Stack(up=up, home=home, state=state, busy_port=port)


@pytest.fixture
def start_up(start_process: StartProcess) -> StartUp:
    return partial(start_stack, start_process)


def start_stack(start: StartProcess, home: Path, *, port: int = 0) -> Started:
    arguments = ("up", f"--port={port}", "--flower-port=0")
    return start("manage.py", *arguments, CONTINUITY_HOME=str(home))


def make_used_home(home: Path, migrated: Path) -> Path:
    shutil.copyfile(migrated, home / "continuity.sqlite3")
    return home


def wait_until_served(up: Started, home: Path) -> StackState:
    up.read_until("Ctrl-C stops everything")
    state = find_running(home)
    assert state is not None
    return state


def get_status(url: str, path: str = "") -> int:
    location = urlsplit(url)
    assert location.hostname is not None
    with closing(http.client.HTTPConnection(location.hostname, location.port, timeout=30)) as web:
        web.request("GET", path or location.path)
        return web.getresponse().status


def test_ctrl_c_leaves_nothing_behind(start_up: StartUp, long_home: Path) -> None:
    up = start_up(long_home)
    state = wait_until_served(up, long_home)
    assert state.parts.keys() >= PARTS
    assert get_status(state.address.web_url, "/health/ready") == 200
    up.send(signal.SIGINT)
    assert up.wait() == 0
    assert all(map(is_gone, state.parts.values()))
    assert not get_socket_path(long_home).parent.exists()
    assert find_running(long_home) is None
    assert list(long_home.glob("*.sqlite3-wal")) == []


def test_busy_port_moves_on(stack: Stack) -> None:
    assert urlsplit(stack.state.address.web_url).port != stack.busy_port


def test_flower_asks_for_the_password_in_the_home(stack: Stack) -> None:
    address = stack.state.address
    assert address.flower_url is not None
    assert address.flower_password_file == str(stack.home / "flower_auth")
    assert (stack.home / "flower_auth").stat().st_mode & 0o777 == 0o600
    assert get_status(address.flower_url) == 401


def test_second_stack_in_a_home_is_refused(stack: Stack, start_up: StartUp) -> None:
    second = start_up(stack.home)
    web_url = stack.state.address.web_url
    second.read_until(f"running in {stack.home} already .process {stack.state.pid}, {web_url}")
    assert second.wait() == 1


def test_killed_web_server_comes_back_on_its_port(stack: Stack) -> None:
    state = find_running(stack.home)
    assert state is not None
    os.kill(state.parts["web"], signal.SIGKILL)
    stack.up.read_until("web was ended by SIGKILL; starting it again")
    assert get_status(state.address.web_url, "/health/ready") == 200


def test_stack_starts_where_one_was_killed(stack: Stack, start_up: StartUp) -> None:
    """The last one here: it kills the stack of the others."""
    killed = find_running(stack.home)
    assert killed is not None
    stack.up.send(signal.SIGKILL)
    stack.up.wait()
    up = start_up(stack.home)
    state = wait_until_served(up, stack.home)
    assert state.pid != killed.pid
    assert all(map(is_gone, killed.parts.values()))
    # In order: a worker that is still starting outlives a Redis that ends at the same moment.
    up.send(signal.SIGINT)
    assert up.wait() == 0
