"""What the samples of a benchmark say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.speed.figures import (
    LEAN,
    PRODUCT,
    RAW,
    REQUEST,
    STORY,
    TASKS,
    WORK,
    Sample,
    find_use,
    make_rows,
)
from bench.speed.options import read_options
from bench.speed.plot import draw
from bench.speed.report import write_tables
from tests.properties import tried_on


def make_sample(way: str, seconds: float, size: int = 1000, **more: object) -> Sample:
    return Sample(shape="star", size=size, way=way, round=0, seconds=seconds, **more)  # type: ignore[arg-type]


SAMPLES = [
    *(make_sample(RAW, seconds) for seconds in (0.1, 0.3, 0.2)),
    make_sample(LEAN, 0.1),
    make_sample(PRODUCT, 0.5),
    make_sample(REQUEST, 0.2),
    make_sample(WORK, 0.3),
    make_sample(STORY, 10, is_extrapolated=True),
    make_sample(TASKS, 20),
    make_sample(RAW, 4, size=10_000),
    make_sample(PRODUCT, 10, size=10_000),
]


def test_a_row_has_medians_and_ratios() -> None:
    small, large = make_rows(SAMPLES)
    assert small.figures[RAW].seconds == 0.2
    assert small.figures[RAW].rounds == 3
    assert small.ratios == pytest.approx(
        {
            "product ÷ raw": 2.5,
            "work ÷ raw without items": 3,
            "story ÷ product": 20,
            "task per target ÷ product": 40,
        }
    )
    assert large.ratios == {"product ÷ raw": 2.5}, "what was not measured has no ratio"


def test_growth_is_the_cost_per_target_against_that_of_a_thousand() -> None:
    small, large = make_rows(SAMPLES)
    assert small.microseconds_per_target[PRODUCT] == pytest.approx(500)
    assert small.growth[PRODUCT] == pytest.approx(1)
    assert large.growth == pytest.approx({RAW: 2, PRODUCT: 2})


@tried_on(30)
@given(sizes=st.sets(st.integers(min_value=1, max_value=10**6), min_size=1, max_size=5))
def test_what_costs_the_same_per_target_does_not_grow(sizes: set[int]) -> None:
    rows = make_rows([make_sample(RAW, size * 1e-5, size=size) for size in sorted(sizes)])
    assert [row.growth[RAW] for row in rows] == pytest.approx([1] * len(sizes))


def test_what_was_extrapolated_is_marked_in_the_table() -> None:
    table = write_tables(make_rows(SAMPLES), SAMPLES)
    assert "~10.0" in table
    assert "~20" not in table
    assert "extrapolated: stopped at the limit" in table


def test_a_table_of_what_was_measured_to_the_end_says_nothing_of_extrapolation() -> None:
    whole = [one for one in SAMPLES if not one.is_extrapolated]
    assert "extrapolated" not in write_tables(make_rows(whole), whole)


def test_what_processes_use_is_the_most_that_they_used() -> None:
    told = [
        {"held": {"web": 10**8}, "peaks": {"web": 102 * 10**6}, "processor_s": {"web": 2.5}},
        {"held": {"web": 102_000_000}, "peaks": {"web": 103_000_000}},
    ]
    found = find_use([make_sample(PRODUCT, 1, details=one) for one in told])
    assert found == {"web": {"peak_mb": 103, "bytes_per_target": 2000, "processor_s": 2.5}}


def test_sizes_ascend_and_full_adds_a_million() -> None:
    assert read_options(["--sizes", "500", "100", "--full"]).sizes == [100, 500, 1_000_000]
    assert read_options([]).sizes == [1_000, 5_000, 10_000, 100_000]


def test_without_matplotlib_the_plot_is_left_out_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    told = draw(make_rows(SAMPLES), "/nowhere/plot.png")
    assert told
    assert "matplotlib is not installed" in told
