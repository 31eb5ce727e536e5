"""When a message comes again: by the schedule, later where the receiver asks, never sooner."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propagation.webhooks.schedule import DELAYS_S, find_next, read_retry_after

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_the_schedule_is_that_of_the_specification() -> None:
    at, times = NOON, []
    for attempts in range(1, 11):
        found = find_next(attempts=attempts, at=at)
        if found is None:
            break
        times.append((found - at).total_seconds())
        at = found
    assert times == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert len(times) + 1 == len(DELAYS_S)
    assert at - NOON == timedelta(hours=75, minutes=35, seconds=5)
    assert find_next(attempts=10, at=at) is None


@given(
    attempts=st.integers(1, 9),
    chance=st.floats(0, 1),
    asked_s=st.none() | st.integers(-1000, 86_400),
)
def test_nothing_comes_sooner_than_planned_nor_than_asked(
    attempts: int, chance: float, asked_s: int | None
) -> None:
    asked = None if asked_s is None else NOON + timedelta(seconds=asked_s)
    found = find_next(attempts=attempts, at=NOON, chance=chance, not_before=asked)
    assert found is not None
    delay = timedelta(seconds=DELAYS_S[attempts])
    assert found >= NOON + delay
    assert found <= max(NOON + delay * 1.1, asked or NOON)
    assert asked is None or found >= asked


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (429, "120", 120),
        (502, " 7 ", 7),
        (503, "0", 0),
        (504, format_datetime(NOON + timedelta(hours=1), usegmt=True), 3600),
        (429, format_datetime(NOON - timedelta(hours=1), usegmt=True), 0),
        (429, "Fri, 20 Nov 2026 12:01:00 -0000", 60),
        (429, "86401", 86_400),
        (429, "9" * 5000, 86_400),
        (429, "Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        (429, "-5", None),
        (429, "soon", None),
        (429, "²", None),
        (429, "Fri, 99 Nov 2026 12:01:00 GMT", None),
        (429, None, None),
        (500, "120", None),
        (200, "120", None),
    ],
)
def test_a_receiver_may_ask_for_time_up_to_a_day(
    status: int, header: str | None, seconds: int | None
) -> None:
    found = read_retry_after(status=status, header=header, at=NOON)
    assert found == (None if seconds is None else NOON + timedelta(seconds=seconds))
