"""What a running stack leaves in its home: a lock, and where its parts can be found."""

import fcntl
import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType

from config.stack.exceptions import StackRunningError

LEAVING_S = 10.0
"""How long a start waits for the parts of a stack whose parent was killed."""


@dataclass(frozen=True, kw_only=True)
class StackAddress:
    """Where a running stack answers. Without Flower, what concerns Flower is None.

    flower_password_file: holds `user:password`; None when FLOWER_BASIC_AUTH says them.
    """

    web_url: str
    flower_url: str | None = None
    flower_user: str | None = None
    flower_password_file: str | None = None


@dataclass(frozen=True, kw_only=True)
class StackState:
    """A running stack: its parent's process id, its address, the process id of each part."""

    pid: int
    address: StackAddress
    parts: Mapping[str, int] = field(default_factory=dict)


def get_lock_path(home: Path) -> Path:
    """Return the file that the stack of this home locks."""
    return home / "up.lock"


def get_state_path(home: Path) -> Path:
    """Return the file that describes the running stack of this home."""
    return home / "up.json"


@contextmanager
def hold_home(home: Path) -> Iterator[None]:
    """Hold the home's lock, which every part of the stack inherits and so keeps until it ended.

    A stack whose parent was killed therefore counts as running until its last part is gone; this
    waits LEAVING_S for that. Raises StackRunningError.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = os.open(get_lock_path(home), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.set_inheritable(lock, True)
        _take_lock(lock, home)
        try:
            yield
        finally:
            get_state_path(home).unlink(missing_ok=True)
    finally:
        os.close(lock)


def _take_lock(lock: int, home: Path) -> None:
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    state = read_state(home)
    if state is None or is_alive(state.pid):
        raise StackRunningError(home, _describe(state))
    try:
        with _time_limit(LEAVING_S):
            fcntl.flock(lock, fcntl.LOCK_EX)
    except TimeoutError:
        raise StackRunningError(home, " (its parent was killed, its parts are ending)") from None


def _describe(state: StackState | None) -> str:
    return f" (process {state.pid}, {state.address.web_url})" if state else ""


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in a system call that has not returned by then."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    kept = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)


def write_state(home: Path, state: StackState) -> None:
    """Replace the description of the running stack in one step."""
    draft = home / "up.json.new"
    draft.write_text(json.dumps(asdict(state), indent=1))
    draft.replace(get_state_path(home))


def read_state(home: Path) -> StackState | None:
    """Return what the last stack wrote about itself, whether or not it still runs."""
    try:
        content = json.loads(get_state_path(home).read_text())
    except FileNotFoundError:
        return None
    return StackState(
        pid=content["pid"], address=StackAddress(**content["address"]), parts=content["parts"]
    )


def find_running(home: Path) -> StackState | None:
    """Return the stack that runs in this home, or None."""
    try:
        lock = os.open(get_lock_path(home), os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return read_state(home)
    finally:
        os.close(lock)
    return None


def is_alive(pid: int) -> bool:
    """Return whether a process of this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
