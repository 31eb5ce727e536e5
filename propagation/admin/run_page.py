"""The page of one run: how far it is, its items, and the buttons that steer it."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.paginator import Paginator
from django.db.models import Case, Count, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from propagation.admin.links import get_entity_url
from propagation.admin.proposing import REFUSALS, propose_or_tell
from propagation.execution.progress import read_progress
from propagation.live.queues import read_broker
from propagation.models import ItemState, PropagationItem, PropagationRun, RunSource, RunStatus
from propagation.services.steer_run import pause_run, resume_run

PER_PAGE = 100
SHOWN_SOURCES = 20
FIRST = (ItemState.FAILED, ItemState.HELD, ItemState.WAITING, ItemState.QUEUED)
"""States in which somebody may have to do something, most urgent first."""
AT_ONCE = {"pause": pause_run, "resume": resume_run}
"""Ways to steer that leave nothing undone; the others are shown first."""


def show_run(
    model_admin: "ModelAdmin[PropagationRun]", request: HttpRequest, run: PropagationRun
) -> HttpResponse:
    """Show it; with the header X-Part only what changes while it goes on."""
    progress = read_progress(run).describe()
    states = dict(
        run.items.order_by().values_list("state").annotate(count=Count("pk")).order_by("state")
    )
    wanted = request.GET.get("state", "")
    items = _list_items(run, wanted)
    page = Paginator(items, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": f"Run {run.pk}",
        "original": run,
        "progress": progress,
        "percent": int(progress["progress"]),
        "lanes": _list_lanes(run, progress["lanes"]),
        "states": [(state.value, states[state.value]) for state in ItemState if state in states],
        "all": sum(states.values()),
        "state": wanted,
        "page": page,
        "items": [(one, get_entity_url(one.entity.kind, one.entity_id)) for one in page],
        "ways": _list_ways(run, states),
        "sources": _name_sources(run),
        "left_s": _find_left(progress["eta"]),
    }
    is_part = request.headers.get("X-Part") == "1"
    template = "admin/propagation/run_part.html" if is_part else "admin/propagation/run.html"
    return TemplateResponse(request, template, context)


def steer(request: HttpRequest, run: PropagationRun) -> HttpResponse | None:
    """Steer the run as a button says; None: the page of the run comes next."""
    way = request.POST.get("way", "")
    if way in ("cancel", "retry"):
        return propose_or_tell(request, way, {"runs": [run.pk]})
    if way == "undo":
        return propose_or_tell(request, "undo", {"run": run.pk})
    if way in ("approve", "reject"):
        held = run.items.filter(state=ItemState.HELD).order_by("pk")
        ids = list(held.values_list("pk", flat=True))
        return propose_or_tell(request, way, {"project": run.project_id, "items": ids})
    if way in AT_ONCE:
        try:
            moved = AT_ONCE[way](run_id=run.pk, actor=request.user, at=timezone.now())  # type: ignore[arg-type]
            messages.success(request, f"Run {moved.pk} is {moved.status} now.")
        except REFUSALS as error:
            messages.error(request, str(error))
    return None


def _list_items(run: PropagationRun, state: str) -> QuerySet[PropagationItem]:
    """Return the items, those first about which somebody may have to do something."""
    urgency = Case(
        *(When(state=one, then=Value(rank)) for rank, one in enumerate(FIRST)),
        default=Value(len(FIRST)),
        output_field=IntegerField(),
    )
    items = run.items.select_related("entity", "batch", "version", "before")
    return (items.filter(state=state) if state else items).order_by(urgency, "level", "pk")


def _list_lanes(
    run: PropagationRun, lanes: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, Mapping[str, Any], Any]]:
    """Return each lane with its numbers and workers; None where Redis does not tell these."""
    broker = read_broker() if run.is_active else None
    return [
        (name, numbers, broker.living.get(name, 0) if broker else None)
        for name, numbers in lanes.items()
    ]


def _list_ways(run: PropagationRun, states: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return how the run can be steered now, and the word on the button."""
    ways = []
    if run.status == RunStatus.PAUSED:
        ways = [("resume", "Resume"), ("cancel", "Cancel…")]
    elif run.is_active:
        is_ending = run.status == RunStatus.CANCELLING
        ways = [] if is_ending else [("pause", "Pause"), ("cancel", "Cancel…")]
    else:
        undone = sum(states.get(name, 0) for name in ("failed", "skipped", "cancelled"))
        if undone and not run.superseded_by_id:
            ways.append(("retry", f"Retry {undone}…"))
        ways.append(("undo", "Undo…"))
    if states.get(ItemState.HELD):
        held = states[ItemState.HELD]
        ways += [("approve", f"Approve {held} held…"), ("reject", f"Reject {held} held…")]
    return ways


def _name_sources(run: PropagationRun) -> str:
    """Name the first versions that started the run; an import may have thousands."""
    sources = RunSource.objects.filter(run=run).select_related("version__entity")
    shown = [str(source.version) for source in sources.order_by("pk")[: SHOWN_SOURCES + 1]]
    more = " and more" if len(shown) > SHOWN_SOURCES else ""
    return ", ".join(shown[:SHOWN_SOURCES]) + more


def _find_left(eta: Any) -> int | None:  # noqa: ANN401 (a time or None)
    return None if eta is None else max(int((eta - timezone.now()).total_seconds()), 0)
