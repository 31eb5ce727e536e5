"""A neighbourhood drawn: sizes and places in pixels, ready for a template."""

from collections.abc import Sequence
from dataclasses import dataclass

from assets.graph.layout import arrange
from propagation.admin.links import get_entity_url
from propagation.admin.states import ENTITY_STATES, Badge
from propagation.services.neighbourhood import Box, Neighbourhood

WIDTH, HEIGHT = 190, 44
COLUMN, ROW = 232, 56
"""Distances between the left edges, and the upper edges, of neighbours."""
MARGIN = 12
LONGEST = 24
"""Characters of a code that fit a box; the title has all of it."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A box as a page shows it. badge: of its most frequent state; url: empty where no page is."""

    box: Box
    x: float
    y: float
    badge: Badge
    states: Sequence[tuple[Badge, int]]
    url: str
    is_root: bool

    @property
    def label(self) -> str:
        """All that it says, in words."""
        states = ", ".join(
            f"{count} {badge.word}" if self.box.is_group else badge.word
            for badge, count in self.states
        )
        return f"{self.box.code}, {self.box.type}: {states}"

    @property
    def at(self) -> str:
        """Its upper left corner, as SVG says it."""
        return f"{self.x:g} {self.y:g}"

    @property
    def where(self) -> str:
        """How far from the root it is, and in which direction."""
        far = self.box.distance
        direction = "upstream" if far < 0 else "downstream"
        return f"{abs(far)} {direction}" if far else ""

    @property
    def short(self) -> str:
        """The code, cut to the box."""
        code = self.box.code
        return code if len(code) <= LONGEST else f"{code[: LONGEST - 1]}…"

    @property
    def state_line(self) -> str:
        """Glyph and word of the state, or the counts of a group."""
        if not self.box.is_group:
            return f"{self.badge.glyph} {self.badge.word} · {self.box.type}"
        return "  ".join(f"{badge.glyph} {count} {badge.word}" for badge, count in self.states[:2])


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Boxes and arrows, and the size of it all."""

    shown: Sequence[Shown]
    paths: Sequence[str]
    width: float
    height: float


def draw(found: Neighbourhood) -> Drawing:
    """Return the drawing, sources to the left of what uses them."""
    layers = {index: box.layer for index, box in enumerate(found.boxes)}
    used = {layer: column for column, layer in enumerate(sorted(set(layers.values())))}
    places = arrange({index: used[layer] for index, layer in layers.items()}, found.edges)
    top = min(row for _, row in places.values())
    at = {
        index: (MARGIN + column * COLUMN, MARGIN + (row - top) * ROW)
        for index, (column, row) in places.items()
    }
    shown = [
        _show(box, *at[index], is_root=index == found.root) for index, box in enumerate(found.boxes)
    ]
    return Drawing(
        shown=shown,
        paths=[_draw_arrow(*at[source], *at[target]) for source, target in found.edges],
        width=max(x for x, _ in at.values()) + WIDTH + MARGIN,
        height=max(y for _, y in at.values()) + HEIGHT + MARGIN,
    )


def _show(box: Box, x: float, y: float, *, is_root: bool) -> Shown:
    states = [(ENTITY_STATES[name], count) for name, count in box.states.items()]
    url = get_entity_url(box.kind, box.id, "graph") if box.id is not None else ""
    return Shown(box=box, x=x, y=y, badge=states[0][0], states=states, url=url, is_root=is_root)


def _draw_arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    """Return the path of a curve from the right side of a box to the left side of another."""
    start, end = x1 + WIDTH, x2
    bend = max((end - start) / 2, 30)
    y1, y2 = y1 + HEIGHT / 2, y2 + HEIGHT / 2
    return f"M{start:g} {y1:g} C{start + bend:g} {y1:g} {end - bend:g} {y2:g} {end - 5:g} {y2:g}"
