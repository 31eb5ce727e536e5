"""Those who wait for a run are woken by a signal, and without Redis they look by themselves."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import pytest
from pytest_django import Settings

from config.environment import locate_redis
from propagation.live import wake
from propagation.live.redis import connect
from propagation.live.wake import signal_run, wait_until, watch_run

NOWHERE = "redis://127.0.0.1:1/0"
LONG_S = 30.0


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have waiters that look by themselves only after a long time, so that a signal shows."""
    monkeypatch.setattr(wake, "POLL_S", LONG_S)


@pytest.fixture
def without_redis(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have settings that name a Redis where none is, and waiters that look often."""
    settings.REDIS = locate_redis(home=settings.HOME, url=NOWHERE)
    monkeypatch.setattr(wake, "POLL_S", 0.05)


@pytest.fixture
def in_thread() -> Iterator[Callable[[Callable[[], object]], object]]:
    """Return a function that runs another one in a thread; errors there fail the test."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        started = []
        yield lambda work: started.append(pool.submit(work))
        for one in started:
            one.result()


def hold_at(number: int) -> Callable[[], bool]:
    """Return a condition that holds from its so many-th look on."""
    looks = count(1)
    return lambda: next(looks) >= number


def measure(condition: Callable[[], bool], *, run_id: int, timeout_s: float) -> tuple[bool, float]:
    """Return what the wait says, and how many seconds it took."""
    started = time.monotonic()
    result = wait_until(condition, run_id=run_id, timeout_s=timeout_s)
    return result, time.monotonic() - started


def count_listeners(run_id: int) -> int:
    """Return how many listen for the run."""
    with connect() as client:
        ((_, listeners),) = client.pubsub_numsub(wake._name_channel(run_id))
    return int(listeners)


def test_what_holds_already_is_not_waited_for(patient: None) -> None:
    held, seconds = measure(lambda: True, run_id=1, timeout_s=LONG_S)
    assert held
    assert seconds < 5


def test_a_signal_from_another_thread_wakes_at_once(
    patient: None, in_thread: Callable[[Callable[[], object]], object]
) -> None:
    is_looked_at, is_over = Event(), Event()

    def finish() -> None:
        assert is_looked_at.wait(LONG_S)
        is_over.set()
        signal_run(run_id=2)

    def look() -> bool:
        is_looked_at.set()
        return is_over.is_set()

    in_thread(finish)
    held, seconds = measure(look, run_id=2, timeout_s=LONG_S)
    assert held
    assert seconds < 5


def test_every_signal_is_a_look(
    patient: None, in_thread: Callable[[Callable[[], object]], object]
) -> None:
    is_watched = Event()

    def signal_thrice() -> None:
        assert is_watched.wait(LONG_S)
        for _ in range(3):
            signal_run(run_id=3)

    in_thread(signal_thrice)
    looks = 0
    started = time.monotonic()
    for _ in watch_run(run_id=3, timeout_s=LONG_S):
        looks += 1
        is_watched.set()
        if looks == 4:
            break
    assert looks == 4
    assert time.monotonic() - started < 5


def test_all_who_wait_for_a_run_are_woken(patient: None) -> None:
    is_over = Event()
    with ThreadPoolExecutor(max_workers=3) as pool:
        waits = [pool.submit(measure, is_over.is_set, run_id=4, timeout_s=LONG_S) for _ in range(3)]
        until = time.monotonic() + LONG_S
        while count_listeners(4) < 3:
            assert time.monotonic() < until
        is_over.set()
        signal_run(run_id=4)
        for wait in waits:
            held, seconds = wait.result()
            assert held
            assert seconds < 10
    assert count_listeners(4) == 0


def test_the_signal_of_another_run_wakes_nobody(patient: None) -> None:
    looks = count()

    def never() -> bool:
        signal_run(run_id=6)
        next(looks)
        return False

    held, seconds = measure(never, run_id=5, timeout_s=0.3)
    assert not held
    assert seconds >= 0.3
    assert next(looks) < 10  # each look signals, so one that woke would go on and on


def test_the_wait_ends_at_its_timeout() -> None:
    held, seconds = measure(lambda: False, run_id=7, timeout_s=0.3)
    assert not held
    assert 0.3 <= seconds < 5


def test_no_time_at_all_is_one_look() -> None:
    assert not wait_until(lambda: False, run_id=8, timeout_s=0)
    assert wait_until(lambda: True, run_id=8, timeout_s=0)


def test_a_signal_that_was_lost_costs_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wake.POLL_S == 1
    monkeypatch.setattr(wake, "POLL_S", 0.05)
    held, seconds = measure(hold_at(4), run_id=9, timeout_s=LONG_S)
    assert held
    assert seconds < 5


def test_without_redis_the_wait_ends_at_its_timeout(without_redis: None) -> None:
    held, seconds = measure(lambda: False, run_id=10, timeout_s=0.3)
    assert not held
    assert 0.3 <= seconds < 5


def test_without_redis_what_becomes_true_is_seen(without_redis: None) -> None:
    held, seconds = measure(hold_at(4), run_id=11, timeout_s=LONG_S)
    assert held
    assert seconds < 5


def test_without_redis_a_signal_is_lost_and_said_to_be(
    without_redis: None, caplog: pytest.LogCaptureFixture
) -> None:
    signal_run(run_id=12)
    (record,) = caplog.records
    assert (record.levelname, record.getMessage().split(" error=")[0]) == (
        "WARNING",
        "run_signal_lost run=12",
    )
