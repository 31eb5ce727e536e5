"""Signals as events: what arrives can be read from a socket, so that one selector awaits all."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """Python writes to the wakeup socket only for signals that have a handler."""


@contextmanager
def catch_signals(*numbers: signal.Signals) -> Iterator[socket.socket]:
    """Yield a socket from which the numbers of arriving signals can be read, a byte each.

    A SIGHUP that was ignored on entry (nohup) stays ignored.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        kept_handlers = {
            number: signal.signal(number, _do_nothing)
            for number in numbers
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
        }
        kept_wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield reader
        finally:
            signal.set_wakeup_fd(kept_wakeup)
            for number, handler in kept_handlers.items():
                signal.signal(number, handler)


def read_signals(reader: socket.socket) -> list[signal.Signals]:
    """Return the signals that have arrived since the last call."""
    try:
        return [signal.Signals(number) for number in reader.recv(4096)]
    except BlockingIOError:
        return []
