"""What the samples say: medians, ratios, cost per target and how it grows; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

RAW, LEAN, PRODUCT = "raw", "raw without items", "product"
STORY, TASKS = "story", "task per target"
REQUEST, WORK = "request", "work"
"""Parts of the product's time: until the answer, and from there to the end of the run."""
RATIOS = ((PRODUCT, RAW), (WORK, LEAN), (STORY, PRODUCT), (TASKS, PRODUCT))
NOTHING = ("peak_mb", "bytes_per_target", "processor_s")
BASE_SIZE = 1_000
"""Growth is told from this size, or from the smallest that was measured."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One measurement. size: targets · details: what else is known of it."""

    shape: str
    size: int
    way: str
    round: int
    seconds: float
    is_extrapolated: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """The median of some samples; extrapolated when one of them is."""

    seconds: float
    is_extrapolated: bool
    rounds: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was found for one graph of one size. growth: of the cost per target, by way."""

    shape: str
    size: int
    figures: Mapping[str, Figure]
    ratios: Mapping[str, float]
    microseconds_per_target: Mapping[str, float]
    growth: Mapping[str, float]


def make_rows(samples: Iterable[Sample]) -> list[Row]:
    """Return one row per graph and size, in the order in which they were measured."""
    grouped: dict[tuple[str, int], list[Sample]] = {}
    for sample in samples:
        grouped.setdefault((sample.shape, sample.size), []).append(sample)
    figures = {key: find_medians(some) for key, some in grouped.items()}
    return [
        Row(
            shape=shape,
            size=size,
            figures=found,
            ratios=find_ratios(found),
            microseconds_per_target=_cost(found, size),
            growth=find_growth(figures, shape=shape, size=size),
        )
        for (shape, size), found in figures.items()
    ]


def find_medians(samples: Iterable[Sample]) -> dict[str, Figure]:
    """Return the median by way."""
    by_way: dict[str, list[Sample]] = {}
    for sample in samples:
        by_way.setdefault(sample.way, []).append(sample)
    return {
        way: Figure(
            seconds=median(one.seconds for one in some),
            is_extrapolated=any(one.is_extrapolated for one in some),
            rounds=len(some),
        )
        for way, some in by_way.items()
    }


def find_ratios(figures: Mapping[str, Figure]) -> dict[str, float]:
    """Return how many times as long one way takes as another, of those that were measured."""
    return {
        f"{one} ÷ {other}": figures[one].seconds / figures[other].seconds
        for one, other in RATIOS
        if one in figures and other in figures
    }


def find_growth(
    figures: Mapping[tuple[str, int], Mapping[str, Figure]], *, shape: str, size: int
) -> dict[str, float]:
    """Return the cost per target as a multiple of that at the base size, by way."""
    sizes = [one for name, one in figures if name == shape]
    base = BASE_SIZE if BASE_SIZE in sizes else min(sizes)
    here, there = _cost(figures[shape, size], size), _cost(figures[shape, base], base)
    return {way: here[way] / there[way] for way in here if way in there}


def find_use(samples: Sequence[Sample]) -> dict[str, dict[str, float]]:
    """Return, by process, the most of: peak in MB, bytes that it grew by per target, seconds."""
    found: dict[str, dict[str, float]] = {}
    for sample in samples:
        for name, peak in sample.details.get("peaks", {}).items():
            grown = (peak - sample.details["held"][name]) / sample.size
            known = found.setdefault(name, dict.fromkeys(NOTHING, 0.0))
            known["peak_mb"] = max(known["peak_mb"], peak / 1e6)
            worked = sample.details.get("processor_s", {}).get(name, 0.0)
            known["processor_s"] = max(known["processor_s"], worked)
            known["bytes_per_target"] = max(known["bytes_per_target"], grown)
    return found


def _cost(figures: Mapping[str, Figure], size: int) -> dict[str, float]:
    return {way: one.seconds / size * 1e6 for way, one in figures.items()}
