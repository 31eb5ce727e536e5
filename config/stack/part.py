"""What the supervisor runs: one part of the stack is one process, and what comes of it."""

import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass


def _has_text(line: str) -> bool:
    return bool(line.strip())


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process of the stack, forked from the parent; `run` is its whole life.

    stop_order: parts of a lower number are stopped, and have ended, before the next are asked to.
    after: the part that has to be ready first. A service is ready once `is_ready` holds for a line
        that it printed, or at once without `is_ready`; a part that runs once, when it ended well.
    runs_once: it is not restarted. When it fails, the stack stops with its exit code.
    listeners: sockets that this part keeps open; the other parts close them.
    is_shown: whether a line that it printed is passed on.
    owns_terminal: it writes to the terminal itself, without a prefix.
    """

    name: str
    run: Callable[[], object]
    stop_order: int
    after: str | None = None
    runs_once: bool = False
    is_ready: Callable[[str], bool] | None = None
    is_shown: Callable[[str], bool] = _has_text
    listeners: tuple[socket.socket, ...] = ()
    owns_terminal: bool = False
    stop_signal: signal.Signals = signal.SIGTERM


def list_stop_stages(parts: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    """Return the parts in the order in which they stop; those of one stage stop together."""
    orders = sorted({part.stop_order for part in parts})
    return [tuple(part for part in parts if part.stop_order == order) for order in orders]
