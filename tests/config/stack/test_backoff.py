"""Waiting before a part is started again."""

from itertools import accumulate, repeat

from config.stack.backoff import CALM_S, FIRST_DELAY_S, choose_delay


def test_waits_double_up_to_ten_seconds() -> None:
    waits = accumulate(
        repeat(0.0, 6),
        lambda previous_s, alive_s: choose_delay(previous_s=previous_s, alive_s=alive_s),
        initial=choose_delay(previous_s=None, alive_s=0.0),
    )
    assert list(waits) == [0.5, 1, 2, 4, 8, 10, 10]


def test_a_calm_life_starts_the_count_again() -> None:
    assert choose_delay(previous_s=10.0, alive_s=CALM_S) == FIRST_DELAY_S
