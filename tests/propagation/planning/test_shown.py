"""What differs from what was shown, and what an estimate rests on."""

from propagation.planning.estimate import (
    FEWEST,
    MOST,
    estimate_duration,
    estimate_memory,
)


def test_an_estimate_rests_on_runs_of_about_that_size() -> None:
    past = [(10, 1.0)] * MOST + [(1000, 20.0)] * MOST
    small = estimate_duration(total=12, past=past)
    large = estimate_duration(total=900, past=past)
    assert small is not None
    assert large is not None
    assert (small.p50_s, small.sample) == (1.2, MOST)
    assert (large.p50_s, large.sample) == (18.0, MOST)


def test_half_and_nine_in_ten_of_the_runs_took_no_longer() -> None:
    past = [(100, float(seconds)) for seconds in range(1, 12)]
    found = estimate_duration(total=100, past=past)
    assert found is not None
    assert (found.p50_s, found.p90_s) == (6.0, 10.0)


def test_without_enough_runs_there_is_no_estimate() -> None:
    assert estimate_duration(total=10, past=[(10, 1.0)] * (FEWEST - 1)) is None
    assert estimate_duration(total=0, past=[(10, 1.0)] * FEWEST) is None
    assert estimate_duration(total=10, past=[(0, 1.0)] * FEWEST) is None


def test_memory_grows_with_the_plan_and_the_largest_batch() -> None:
    assert estimate_memory(total=0, largest_batch=0) == 0
    small, large = (estimate_memory(total=n, largest_batch=50) for n in (100, 1100))
    assert large - small == 1000 * (estimate_memory(total=1, largest_batch=0))
