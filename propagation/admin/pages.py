"""Pages of the admin that belong to no model: queues, and what failed in the end."""

from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from propagation.admin.deliveries import replay_all, with_last_answer
from propagation.admin.links import get_entity_url
from propagation.admin.runs import propose_retry
from propagation.services.health import find_failed_deliveries, find_failed_items
from propagation.services.queues import read_queues

PER_PAGE = 50
COLUMNS = {
    "queued": "Waiting",
    "running": "Running",
    "oldest_s": "Oldest, s",
    "rate": "Per second",
    "workers": "Workers",
}
"""What is known of a lane, in this order; what else a lane says comes behind."""


def show_queues(request: HttpRequest) -> HttpResponse:
    """Show what waits in each lane, and who works on it."""
    at = timezone.now()
    found = read_queues(at=at)
    lanes: dict[str, dict[str, Any]] = found["lanes"]
    known = {name for lane in lanes.values() for name, value in lane.items() if _is_cell(value)}
    columns = [*(name for name in COLUMNS if name in known), *sorted(known - COLUMNS.keys())]
    context = {
        **admin.site.each_context(request),
        "title": "Queues",
        "is_reachable": found["is_reachable"],
        "columns": [COLUMNS.get(name, name.replace("_", " ")) for name in columns],
        "lanes": [
            (name, [_write(lane.get(column)) for column in columns]) for name, lane in lanes.items()
        ],
        "idle": [name for name, lane in lanes.items() if lane["workers"] == 0],
        "flower_url": settings.FLOWER_URL,
        "at": at,
    }
    is_part = request.headers.get("X-Part") == "1"
    template = "admin/propagation/queues_part.html" if is_part else "admin/propagation/queues.html"
    return TemplateResponse(request, template, context)


def show_dead_letters(request: HttpRequest) -> HttpResponse:
    """Show what failed in the end across all runs and webhooks, why, and take it up again."""
    user = cast("User", request.user)
    items = find_failed_items(user=user)
    deliveries = find_failed_deliveries(user=user)
    if request.method == "POST":
        if "replay" in request.POST:
            chosen = _list_ids(request, "delivery")
            replay_all(request, deliveries.filter(pk__in=chosen))
        else:
            answer = propose_retry(request, items.filter(pk__in=_list_ids(request, "item")))
            if answer is not None:
                return answer
        return HttpResponseRedirect(reverse("dead-letters"))
    rows = items.select_related("entity", "run__project", "batch").order_by("-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    given_up = with_last_answer(deliveries).select_related("webhook__project").order_by("-pk")
    sent = Paginator(given_up, PER_PAGE).get_page(request.GET.get("sent"))
    context = {
        **admin.site.each_context(request),
        "title": "Dead letters",
        "page": page,
        "items": [(one, get_entity_url(one.entity.kind, one.entity_id)) for one in page],
        "sent": sent,
    }
    return TemplateResponse(request, "admin/propagation/dead_letters.html", context)


def _list_ids(request: HttpRequest, name: str) -> list[int]:
    ids = [int(text) for text in request.POST.getlist(name) if text.isdecimal()]
    if not ids:
        messages.error(request, "Nothing was chosen.")
    return ids


def _is_cell(value: object) -> bool:
    return value is None or isinstance(value, int | float | str)


def _write(value: object) -> str:
    if value is None:
        return "–"  # noqa: RUF001 (a dash, as in a table)
    return f"{value:.1f}" if isinstance(value, float) else str(value)
