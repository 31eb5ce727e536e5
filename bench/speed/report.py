"""The tables that people read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.speed.figures import (
    LEAN,
    PRODUCT,
    RAW,
    REQUEST,
    STORY,
    TASKS,
    WORK,
    Row,
    Sample,
    find_use,
)

SECONDS = (RAW, LEAN, PRODUCT, REQUEST, WORK, STORY, TASKS)
EXTRAPOLATED = "~"
ABSENT = "-"


def write_tables(rows: Sequence[Row], samples: Sequence[Sample]) -> str:
    """Return seconds, ratios, cost and memory as text."""
    return "\n".join([*_list_times(rows), "", *_list_ratios(rows), "", *_list_use(samples)])


def _list_times(rows: Sequence[Row]) -> Iterator[str]:
    yield "Seconds, medians."
    heads = ["graph", "targets", *SECONDS]
    yield from _align(
        heads, [[row.shape, f"{row.size:,}", *(_show(row, way) for way in SECONDS)] for row in rows]
    )
    if any(one.is_extrapolated for row in rows for one in row.figures.values()):
        yield (
            f"{EXTRAPOLATED} extrapolated: stopped at the limit; the rate that was measured until "
            "then, times all targets."
        )


def _list_ratios(rows: Sequence[Row]) -> Iterator[str]:
    yield "How many times as long; microseconds per target; those against the smallest size."
    names = list(dict.fromkeys(name for row in rows for name in row.ratios))
    costs = (RAW, PRODUCT)
    heads = ["graph", "targets", *names]
    heads += [f"µs {way}" for way in costs] + [f"growth {way}" for way in costs]
    lines = []
    for row in rows:
        ratios = [_round(row.ratios, name, "{:.2f}") for name in names]
        cost = [_round(row.microseconds_per_target, way, "{:.0f}") for way in costs]
        growth = [_round(row.growth, way, "{:.2f}") for way in costs]
        lines.append([row.shape, f"{row.size:,}", *ratios, *cost, *growth])
    yield from _align(heads, lines)


def _list_use(samples: Sequence[Sample]) -> Iterator[str]:
    yield "The product's processes: highest peak of memory, growth in the run, time worked."
    lines = []
    for shape, size in dict.fromkeys((one.shape, one.size) for one in samples):
        some = [one for one in samples if (one.shape, one.size, one.way) == (shape, size, PRODUCT)]
        for name, found in find_use(some).items():
            worked = f"{found['processor_s']:.2f} s"
            peak, grown = found["peak_mb"], found["bytes_per_target"]
            lines.append(
                [shape, f"{size:,}", name, f"{peak:.0f} MB", f"{grown:.0f} B/target", worked]
            )
    yield from _align(["graph", "targets", "process", "peak", "grew by", "processor"], lines)


def _show(row: Row, way: str) -> str:
    figure = row.figures.get(way)
    if figure is None:
        return ABSENT
    digits = 3 if figure.seconds < 10 else 1  # noqa: PLR2004 (four digits are enough)
    mark = EXTRAPOLATED if figure.is_extrapolated else ""
    return f"{mark}{figure.seconds:,.{digits}f}"


def _round(values: Mapping[str, float], name: str, form: str) -> str:
    return form.format(values[name]) if name in values else ABSENT


def _align(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> Iterator[str]:
    table = [heads, *lines]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        first, *rest = zip(line, widths, strict=True)
        yield "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)])
