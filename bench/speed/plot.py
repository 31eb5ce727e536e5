"""The picture: seconds against dependents, both logarithmic, one panel per graph."""

from collections.abc import Sequence
from typing import Any

from bench.speed.figures import PRODUCT, RAW, STORY, TASKS, Row

LINES = {RAW: "black", PRODUCT: "tab:blue", STORY: "tab:red", TASKS: "tab:orange"}


def draw(rows: Sequence[Row], path: str) -> str | None:
    """Write a PNG; return why not when matplotlib is not there."""
    try:
        from matplotlib import use  # noqa: PLC0415 (it need not be there)
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        return "matplotlib is not installed (requirements/bench.txt): the plot was left out"
    use("Agg")
    shapes = list(dict.fromkeys(row.shape for row in rows))
    figure = Figure(figsize=(5 * len(shapes), 4.5), layout="constrained")
    panels = figure.subplots(1, len(shapes), squeeze=False, sharey=True)[0]
    for panel, shape in zip(panels, shapes, strict=True):
        panel.set(title=shape, xscale="log", yscale="log", xlabel="dependents")
        panel.grid(visible=True, which="both", alpha=0.2)
        for way, colour in LINES.items():
            some = [row for row in rows if row.shape == shape and way in row.figures]
            _draw_line(panel, way, colour, some)
    panels[0].set_ylabel("seconds (hollow: extrapolated)")
    panels[0].legend()
    figure.savefig(path, dpi=150)
    return None


def _draw_line(panel: Any, way: str, colour: str, rows: Sequence[Row]) -> None:  # noqa: ANN401
    if not rows:
        return
    seconds = [row.figures[way].seconds for row in rows]
    panel.plot([row.size for row in rows], seconds, color=colour, label=way)
    for row in rows:
        figure = row.figures[way]
        fill = "white" if figure.is_extrapolated else colour
        panel.plot(
            row.size, figure.seconds, marker="o", color=colour, markerfacecolor=fill, zorder=3
        )
