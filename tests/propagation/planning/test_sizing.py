"""How large batches are: by what was measured, within bounds."""

from hypothesis import given
from hypothesis import strategies as st

from propagation.planning.sizing import BOUNDS, FEW, MOST_TASKS, Sizes

lanes = st.sampled_from(sorted(BOUNDS))
counts = st.integers(1, 3_000_000)


def test_a_small_run_is_one_task_per_lane() -> None:
    slow = Sizes(rates=dict.fromkeys(BOUNDS, 1.0))
    for lane in BOUNDS:
        assert slow.choose(lane=lane, count=FEW) == FEW
        assert slow.choose(lane=lane, count=FEW + 1) == BOUNDS[lane].least


@given(lanes, counts, st.floats(0, 1e9))
def test_a_size_is_within_its_bounds_and_a_chord_has_at_most_500_tasks(
    lane: str, count: int, rate: float
) -> None:
    size = Sizes(rates={lane: rate}).choose(lane=lane, count=count)
    assert -(-count // size) <= MOST_TASKS
    assert size >= BOUNDS[lane].least or count <= FEW
    assert size <= max(BOUNDS[lane].most, FEW, -(-count // MOST_TASKS))


def test_fast_workers_get_larger_batches_and_slow_ones_smaller() -> None:
    def choose(rate: float) -> int:
        return Sizes(rates={"batch": rate}).choose(lane="batch", count=100_000)

    assert [choose(100), choose(2_400), choose(1e6)] == [500, 1_200, 5_000]


def test_what_somebody_set_holds() -> None:
    sizes = Sizes(rates={"batch": 1e6}, fixed={"batch": 7})
    assert sizes.choose(lane="batch", count=100_000) == 7
    assert sizes.choose(lane="realtime", count=10_000) == BOUNDS["realtime"].usual
