"""The supervisor over real processes."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.config.stack.processes import Started, StartProcess, is_gone

TOY = str(Path(__file__).with_name("toy_stack.py"))
LONG_GRACE_S = "60"
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs a parent-death signal")


@pytest.fixture
def start_toy(start_process: StartProcess) -> StartProcess:
    return lambda scenario, grace_s=LONG_GRACE_S: start_process(TOY, scenario, grace_s)


def read_pid(toy: Started, name: str = "") -> int:
    return int(toy.read_until(rf"^{name}.* \| pid (\d+)$")[1])


def test_killed_part_is_started_again(start_toy: StartProcess) -> None:
    toy = start_toy("one")
    first = read_pid(toy)
    os.kill(first, signal.SIGKILL)
    toy.read_until(r"stack \| one was ended by SIGKILL; starting it again in 0.5 s")
    second = read_pid(toy)
    assert first != second


def test_wait_doubles_when_a_part_dies_again(start_toy: StartProcess) -> None:
    toy = start_toy("one")
    for delay in ("0.5", "1"):
        os.kill(read_pid(toy), signal.SIGKILL)
        toy.read_until(rf"starting it again in {delay} s")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_signal_leaves_no_process(start_toy: StartProcess, number: signal.Signals) -> None:
    toy = start_toy("family")
    pids = [read_pid(toy), read_pid(toy)]
    toy.send(number)
    assert toy.wait() == 0
    assert all(map(is_gone, pids))


def test_parts_stop_in_order(start_toy: StartProcess) -> None:
    toy = start_toy("ordered")
    for _ in range(3):
        read_pid(toy)
    toy.send(signal.SIGINT)
    names = [toy.read_until(r"^(\w+) +\| stops$")[1] for _ in range(3)]
    assert names == ["first", "middle", "last"]
    assert toy.wait() == 0


def test_part_that_ignores_the_stop_is_killed_with_its_children(
    start_toy: StartProcess,
) -> None:
    toy = start_toy("stubborn", "0.2")
    pids = [read_pid(toy), read_pid(toy)]
    toy.send(signal.SIGTERM)
    toy.read_until("stubborn has not stopped; killing it")
    assert toy.wait() == 0
    assert all(map(is_gone, pids))


def test_second_interrupt_kills_at_once(start_toy: StartProcess) -> None:
    toy = start_toy("stubborn")
    read_pid(toy)
    read_pid(toy)
    toy.send(signal.SIGINT)
    toy.read_until("again to stop at once")
    toy.send(signal.SIGINT)
    toy.read_until("stubborn has not stopped; killing it")
    assert toy.wait() == 0


def test_failure_of_a_part_that_runs_once_ends_the_stack_with_its_code(
    start_toy: StartProcess,
) -> None:
    assert start_toy("failing").wait() == 3


def test_stack_ends_with_the_part_that_it_was_started_for(
    start_toy: StartProcess,
) -> None:
    toy = start_toy("ending")
    pids = [read_pid(toy), read_pid(toy)]
    assert toy.wait() == 0
    assert all(map(is_gone, pids))


def test_part_starts_after_the_line_that_it_waits_for(start_toy: StartProcess) -> None:
    toy = start_toy("chained")
    read_pid(toy, "late")
    assert [line.split("| ")[1].strip() for line in toy.seen[:2]] == ["warming up", "ready now"]


def test_listener_is_open_in_its_own_part_only(start_toy: StartProcess) -> None:
    toy = start_toy("listening")
    found = {toy.read_until(r"^(\w+) +\| (open|closed)$").groups() for _ in range(2)}
    assert found == {("owner", "open"), ("other", "closed")}


@needs_linux
def test_killed_parent_takes_its_parts_along(
    start_toy: StartProcess,
) -> None:
    toy = start_toy("one")
    pid = read_pid(toy)
    toy.send(signal.SIGKILL)
    assert toy.wait() == -signal.SIGKILL
    assert is_gone(pid)
