"""Forking one child: its own session, a pipe for its output, and an end when the parent ends."""

import ctypes
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

from config.stack.output import LineSplitter
from config.stack.part import Part

PR_SET_PDEATHSIG = 1  # linux/prctl.h
RESET_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE)


@dataclass(frozen=True, kw_only=True)
class Child:
    """A running part. `pipe` yields what it prints; it is None when it owns the terminal."""

    part: Part
    pid: int
    pipe: int | None
    started_at: float
    splitter: LineSplitter = field(default_factory=LineSplitter)

    def send(self, number: signal.Signals) -> None:
        """Signal the child itself, so that it can end its own children in its own way."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the child and everything it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def start_child(part: Part, *, forget_parent: Callable[[], None]) -> Child:
    """Fork a process that runs the part; `forget_parent` closes there what is the parent's.

    Raises RuntimeError when the parent has threads: a lock that one of them holds would stay
    locked in the child for ever.
    """
    if threading.active_count() > 1:
        raise RuntimeError(f"cannot fork with threads: {threading.enumerate()}")
    pipe = None if part.owns_terminal else os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    # A signal that arrives between the fork and the reset would run the parent's handler.
    kept_mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    pid = os.fork()
    if pid == 0:
        _live_as_child(
            part,
            parent=parent,
            pipe=pipe,
            forget_parent=forget_parent,
            mask=kept_mask,
        )
    signal.pthread_sigmask(signal.SIG_SETMASK, kept_mask)
    if pipe is not None:
        os.close(pipe[1])
        os.set_blocking(pipe[0], False)
    read_end = pipe[0] if pipe is not None else None
    return Child(part=part, pid=pid, pipe=read_end, started_at=time.monotonic())


def _live_as_child(
    part: Part,
    *,
    parent: int,
    pipe: tuple[int, int] | None,
    forget_parent: Callable[[], None],
    mask: set[int | signal.Signals],
) -> NoReturn:
    """Run the part and exit; nothing of the parent's stack frames is ever unwound."""
    code = 1
    try:
        os.setsid()
        _end_with_parent(parent)
        _reset_signals(mask)
        forget_parent()
        if pipe is not None:
            os.close(pipe[0])
            _redirect_output(pipe[1])
        part.run()
        code = 0
    except SystemExit as exit_request:
        code = _read_exit_code(exit_request)
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except BaseException:  # noqa: BLE001 (the parent's frames must not see it)
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _end_with_parent(parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent dies, even by SIGKILL (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the request
            os._exit(1)


def _reset_signals(mask: set[int | signal.Signals]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in RESET_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # Python's own choice: an error, not a death
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _redirect_output(write_end: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(write_end, 1)
    os.dup2(write_end, 2)
    os.close(write_end)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _read_exit_code(request: SystemExit) -> int:
    if request.code is None:
        return 0
    if isinstance(request.code, int):
        return request.code
    sys.stderr.write(f"{request.code}\n")
    return 1


def read_lines(child: Child) -> list[str] | None:
    """Return the whole lines that one read of the child's pipe completes; None when it ended.

    Raises BlockingIOError when nothing waits in the pipe.
    """
    if child.pipe is None:
        return None
    chunk = os.read(child.pipe, 65_536)
    return list(child.splitter.feed(chunk)) if chunk else None


def reap(child: Child) -> int | None:
    """Return the exit code of an ended child (negative: the signal that ended it), else None.

    What it left behind in its process group is ended too.
    """
    if sys.platform == "linux":
        # Unreaped, its process id cannot yet name another group.
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        if os.waitid(os.P_PID, child.pid, options) is None:
            return None
        child.kill()
        _, status = os.waitpid(child.pid, 0)
    else:
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        if pid == 0:
            return None
        child.kill()
    return os.waitstatus_to_exitcode(status)
