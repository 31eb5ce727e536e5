"""GET plans that dry runs showed, and their items."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Entity
from assets.setwise import select_ids
from propagation.api.paging import ListView, PageQuery, read_offset
from propagation.api.shapes import runs as shapes
from propagation.api.strict import NoQuery, get_actor, read_query
from propagation.models import StoredPlan
from propagation.planning.shown import Row, Shown
from propagation.services.plans import find_plan, read_shown
from versions.facets import Facet, name_facets


class PlanView(APIView):
    """One plan."""

    def get(self, request: Request, token: str) -> Response:
        """Answer what the dry run answered."""
        read_query(NoQuery, request)
        plan = _find(request, token)
        return Response(
            {
                **plan.summary,
                "plan_token": plan.token,
                "project_id": plan.project.code,
                "created_at": plan.created_at,
                "items_url": f"/api/v1/plans/{plan.token}/items",
            }
        )


class PlanItemsView(ListView):
    """The targets of a plan."""

    row = shapes.PlanItem

    def get(self, request: Request, token: str) -> Response:
        """Answer a page of them, in the order of levels."""
        wanted = read_query(PageQuery, request)
        plan = _find(request, token)
        start = read_offset(wanted["cursor"])
        rows: list[Row] = plan.targets[start : start + wanted["limit"]]
        end = start + len(rows)
        following = str(end) if end < len(plan.targets) else None
        count = partial(len, plan.targets)
        return self.answer_rows(_describe(plan, rows), following, wanted, count)


def read_plan(request: Request, token: str | None) -> Shown | None:
    """Return the plan that a commit must come to; PlanNotFoundError."""
    if token is None:
        return None
    return read_shown(find_plan(token=token, user=get_actor(request), at=timezone.now()))


def _find(request: Request, token: str) -> StoredPlan:
    return find_plan(token=token, user=get_actor(request), at=timezone.now())


def _describe(plan: StoredPlan, rows: list[Row]) -> list[dict[str, Any]]:
    via = {row[0]: row[7] for row in plan.targets}
    paths = {row[0]: _trace(via, row[0]) for row in rows}
    ids = {pk for path in paths.values() for pk in path}
    found = Entity.objects.filter(pk__in=select_ids(ids)).values_list("pk", "code", "type")
    codes = {pk: (code, type_) for pk, code, type_ in found}
    return [
        {
            "id": codes[pk][0],
            "type": codes[pk][1],
            "level": level,
            "verdict": verdict,
            "rule": rule,
            "reason": reason,
            "lane": lane,
            "facets": name_facets(Facet(facets)),
            "path": [codes[one][0] for one in paths[pk]],
        }
        for pk, level, verdict, rule, reason, lane, facets, _ in rows
    ]


def _trace(via: Mapping[int, int | None], target: int) -> list[int]:
    """Return how the change comes to a target, from the source to itself."""
    path = [target]
    while (before := via.get(path[-1])) is not None:
        path.append(before)
    return path[::-1]
