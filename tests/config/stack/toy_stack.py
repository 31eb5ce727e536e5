"""A supervisor over small parts, run by the tests as a process of its own."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping

from config.stack.part import Part
from config.stack.supervisor import Supervisor


def say(text: str) -> None:
    """Write whole lines at once: those of a part and of its child share a pipe."""
    os.write(1, f"{text}\n".encode())


def print_pid() -> None:
    say(f"pid {os.getpid()}")


def wait() -> None:
    print_pid()
    signal.pause()


def wait_with_child() -> None:
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    wait()


def ignore_stop() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    wait_with_child()
    signal.pause()


def say_farewell() -> None:
    def leave(_number: int, _frame: object) -> None:
        say("stops")
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    wait()


def fail() -> None:
    sys.exit(3)


def print_ready() -> None:
    say("warming up\nready now")
    signal.pause()


def tell_whether_open(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        say("closed")
    else:
        say("open")
    signal.pause()


def describe(name: str, run: Callable[[], object], stop_order: int = 0) -> Part:
    return Part(name=name, run=run, stop_order=stop_order)


def list_listening_parts() -> tuple[Part, ...]:
    listener = socket.socket()
    number = listener.fileno()
    owner = Part(
        name="owner", run=lambda: tell_whether_open(number), stop_order=0, listeners=(listener,)
    )
    return (owner, describe("other", lambda: tell_whether_open(number)))


SCENARIOS: Mapping[str, Callable[[], tuple[Part, ...]]] = {
    "one": lambda: (describe("one", wait),),
    "family": lambda: (describe("family", wait_with_child),),
    "stubborn": lambda: (describe("stubborn", ignore_stop),),
    "ordered": lambda: (
        describe("last", say_farewell, 2),
        describe("first", say_farewell, 0),
        describe("middle", say_farewell, 1),
    ),
    "failing": lambda: (
        describe("one", wait),
        Part(name="task", run=fail, stop_order=0, runs_once=True),
    ),
    "ending": lambda: (
        describe("one", wait),
        Part(name="task", run=print_pid, stop_order=0, runs_once=True, after="one"),
    ),
    "chained": lambda: (
        Part(name="late", run=wait, stop_order=0, after="early"),
        Part(
            name="early", run=print_ready, stop_order=0, is_ready=lambda line: line == "ready now"
        ),
    ),
    "listening": list_listening_parts,
}

if __name__ == "__main__":
    scenario, grace_s = sys.argv[1], float(sys.argv[2])
    sys.exit(
        Supervisor(
            SCENARIOS[scenario](),
            stream=sys.stdout,
            until="task" if scenario == "ending" else None,
            grace_s=grace_s,
        ).run()
    )
