"""The whole stack, as a person starts it."""

import http.client
import os
import signal
from collections.abc import Callable
from contextlib import closing
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


@pytest.fixture
def start_up(start_process: StartProcess) -> StartUp:
    def start(home: Path, *, port: int = 0) -> Started:
        arguments = ("up", f"--port={port}", "--flower-port=0")
        return start_process("manage.py", *arguments, CONTINUITY_HOME=str(home))

    return start


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


def test_flower_asks_for_the_password_in_the_home(start_up: StartUp, tmp_path: Path) -> None:
    state = wait_until_served(start_up(tmp_path), tmp_path)
    assert state.address.flower_url is not None
    assert state.address.flower_password_file == str(tmp_path / "flower_auth")
    assert (tmp_path / "flower_auth").stat().st_mode & 0o777 == 0o600
    assert get_status(state.address.flower_url) == 401


def test_killed_web_server_comes_back_on_its_port(start_up: StartUp, tmp_path: Path) -> None:
    up = start_up(tmp_path)
    state = wait_until_served(up, tmp_path)
    os.kill(state.parts["web"], signal.SIGKILL)
    up.read_until("web was ended by SIGKILL; starting it again")
    assert get_status(state.address.web_url, "/health/ready") == 200


def test_second_stack_in_a_home_is_refused(start_up: StartUp, tmp_path: Path) -> None:
    state = wait_until_served(start_up(tmp_path), tmp_path)
    second = start_up(tmp_path)
    second.read_until(
        f"running in {tmp_path} already .process {state.pid}, {state.address.web_url}"
    )
    assert second.wait() == 1


def test_stack_starts_where_one_was_killed(start_up: StartUp, tmp_path: Path) -> None:
    up = start_up(tmp_path)
    killed = wait_until_served(up, tmp_path)
    up.send(signal.SIGKILL)
    up.wait()
    state = wait_until_served(start_up(tmp_path), tmp_path)
    assert state.pid != killed.pid
    assert all(map(is_gone, killed.parts.values()))


def test_busy_port_moves_on(start_up: Callable[..., Started], tmp_path: Path) -> None:
    with closing(choose_port(0, say=print)) as busy:
        port = get_port(busy)
        up = start_up(tmp_path, port=port)
        up.read_until(f"Port {port} is busy; using ")
        state = wait_until_served(up, tmp_path)
    assert urlsplit(state.address.web_url).port != port
