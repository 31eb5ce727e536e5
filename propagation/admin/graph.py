"""The page of what an entity depends on, and what depends on it."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from assets.models import Entity
from propagation.admin.drawing import draw
from propagation.services.neighbourhood import MOST_BOXES, read_neighbourhood

UP, DOWN, DEEPEST = 1, 2, 20
"""Edges that are shown in each direction at first, and at most."""


def show_graph(
    model_admin: "ModelAdmin[Entity]", request: HttpRequest, entity: Entity
) -> HttpResponse:
    """Show it as a table, or drawn; both from the same query."""
    up, down = _read(request.GET, "up", UP), _read(request.GET, "down", DOWN)
    is_drawn = request.GET.get("as") == "drawing"
    found = read_neighbourhood(entity=entity, up=up, down=down)
    drawing = draw(found)
    uses: dict[int, list[str]] = {}
    for source, target in found.edges:
        uses.setdefault(target, []).append(found.boxes[source].code)
    rows = [(one, uses.get(index, [])) for index, one in enumerate(drawing.shown)]
    rows.sort(key=lambda row: (row[0].box.distance, row[0].box.code))

    def link(**other: object) -> str:
        query = {"up": up, "down": down, **({"as": "drawing"} if is_drawn else {}), **other}
        return f"?{urlencode({key: value for key, value in query.items() if value != ''})}"

    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": entity,
        "title": f"What {entity.code} is connected to",
        "found": found,
        "drawing": drawing if is_drawn else None,
        "rows": rows,
        "most": MOST_BOXES,
        "depths": [
            {
                "name": name,
                "value": value,
                "less": link(**{key: value - 1}) if value else None,
                "more": link(**{key: value + 1}) if value < DEEPEST else None,
            }
            for key, name, value in (("up", "upstream", up), ("down", "downstream", down))
        ],
        "as_table": link(**{"as": ""}),
        "as_drawing": link(**{"as": "drawing"}),
    }
    return TemplateResponse(request, "admin/propagation/graph.html", context)


def _read(query: Mapping[str, str], name: str, default: int) -> int:
    """Return a depth; what is no number is the default."""
    text = query.get(name, "")
    return min(int(text), DEEPEST) if text.isdecimal() else default
