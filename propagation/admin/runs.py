"""Admin of runs, items, batches and events: to look at; the engine writes."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from assets.admin import ProjectFilter, ProjectScopedMixin, ReadOnlyMixin
from assets.exceptions import AssetsError
from propagation.admin.proposing import propose_or_tell
from propagation.admin.run_page import show_run, steer
from propagation.exceptions import PropagationError
from propagation.models import (
    Event,
    EventCounter,
    ItemState,
    PropagationBatch,
    PropagationItem,
    PropagationRun,
)
from propagation.models.run import PROCESSED_ITEMS
from propagation.services.steer_run import pause_run, resume_run
from propagation.templatetags.continuity import badge


@admin.register(PropagationRun)
class PropagationRunAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Runs, newest first; they can be steered."""

    actions = ("pause", "resume", "cancel", "retry", "undo")
    list_display = ("id", "project", "kind", "state", "progress", "actor", "note", "created_at")
    list_filter = ("status", "kind", "mode", ("project", ProjectFilter))
    search_fields = ("=id", "note", "sources__entity__code")
    list_select_related = ("project", "actor")
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PropagationRun]:
        runs: QuerySet[PropagationRun] = super().get_queryset(request)
        return runs.annotate(processed=PROCESSED_ITEMS)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show how far it is, and steer it."""
        del form_url, extra_context
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        if request.method == "POST":
            return steer(request, run) or HttpResponseRedirect(request.path)
        return show_run(self, request, run)

    @admin.action(description="Pause: start nothing more until resumed")
    def pause(self, request: HttpRequest, runs: QuerySet[PropagationRun]) -> None:
        """Pause the runs."""
        self._steer(request, runs, pause_run)

    @admin.action(description="Resume what is paused")
    def resume(self, request: HttpRequest, runs: QuerySet[PropagationRun]) -> None:
        """Let paused runs go on."""
        self._steer(request, runs, resume_run)

    @admin.action(description="Cancel: show first what has not begun")
    def cancel(self, request: HttpRequest, runs: QuerySet[PropagationRun]) -> HttpResponse | None:
        """Lead to what ending the runs would leave undone."""
        return self._propose(request, runs, "cancel")

    @admin.action(description="Retry: show first what failed, was skipped or cancelled")
    def retry(self, request: HttpRequest, runs: QuerySet[PropagationRun]) -> HttpResponse | None:
        """Lead to what taking up the runs again would queue."""
        return self._propose(request, runs, "retry")

    @admin.action(description="Undo: show first what returns")
    def undo(self, request: HttpRequest, runs: QuerySet[PropagationRun]) -> HttpResponse | None:
        """Lead to what taking one run back would do."""
        ids = list(runs.values_list("pk", flat=True)[:2])
        if len(ids) == 1:
            return propose_or_tell(request, "undo", {"run": ids[0]})
        messages.error(request, "Choose one run at a time: each undo has an impact of its own.")
        return None

    def _propose(
        self, request: HttpRequest, runs: QuerySet[PropagationRun], name: str
    ) -> HttpResponse | None:
        if runs.values("project").distinct().order_by().count() != 1:
            messages.error(request, "Choose runs of one project at a time.")
            return None
        ids = list(runs.order_by("pk").values_list("pk", flat=True))
        return propose_or_tell(request, name, {"runs": ids})

    def _steer(
        self,
        request: HttpRequest,
        runs: QuerySet[PropagationRun],
        steer: Callable[..., PropagationRun],
    ) -> None:
        for run_id in runs.order_by("pk").values_list("pk", flat=True):
            try:
                run = steer(run_id=run_id, actor=request.user, at=timezone.now())
                messages.success(request, f"Run {run_id} is {run.status} now.")
            except (AssetsError, PropagationError) as error:
                messages.error(request, str(error))

    @admin.display(description="state", ordering="status")
    def state(self, run: PropagationRun) -> str:
        """How it stands, in the words of all pages."""
        return badge("run", run.status)

    @admin.display(description="progress")
    def progress(self, run: Any) -> str:  # noqa: ANN401 (a run with the annotation above)
        """Items done of all."""
        return f"{run.processed} of {run.total}"


@admin.register(PropagationItem)
class PropagationItemAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Items; those that are held can be decided about."""

    actions = ("approve", "reject", "retry")

    project_path = "run__project"
    list_display = ("entity", "run", "how", "rule", "reason", "level", "version", "error")
    list_filter = ("state", "entity__kind", ("run__project", ProjectFilter))
    search_fields = ("entity__code", "=run__id", "error")
    list_select_related = ("entity", "run", "version__entity")
    show_full_result_count = False

    @admin.display(description="state", ordering="state")
    def how(self, item: PropagationItem) -> str:
        """How it stands, in the words of all pages."""
        return badge("item", item.state)

    @admin.action(description="Approve what is held: show the impact first")
    def approve(
        self, request: HttpRequest, items: QuerySet[PropagationItem]
    ) -> HttpResponse | None:
        """Lead to what letting the held ones go on would do."""
        return self._propose(request, items, "approve")

    @admin.action(description="Reject what is held: show it first")
    def reject(self, request: HttpRequest, items: QuerySet[PropagationItem]) -> HttpResponse | None:
        """Lead to what leaving the held ones would do."""
        return self._propose(request, items, "reject")

    @admin.action(description="Retry the runs of what failed: show the impact first")
    def retry(self, request: HttpRequest, items: QuerySet[PropagationItem]) -> HttpResponse | None:
        """Lead to what taking up the runs of the items again would queue."""
        return propose_retry(request, items)

    def _propose(
        self, request: HttpRequest, items: QuerySet[PropagationItem], name: str
    ) -> HttpResponse | None:
        held = items.filter(state=ItemState.HELD)
        found = list(held.values_list("pk", "run__project"))
        if len({project for _, project in found}) != 1:
            messages.error(request, "Choose held items of one project at a time.")
            return None
        asked = {"project": found[0][1], "items": sorted(pk for pk, _ in found)}
        return propose_or_tell(request, name, asked)


def propose_retry(request: HttpRequest, items: QuerySet[PropagationItem]) -> HttpResponse | None:
    """Lead to what a retry of the runs of these items would do; of one project."""
    found = list(items.values_list("run", "run__project").distinct().order_by())
    if len({project for _, project in found}) != 1:
        messages.error(request, "Choose items of one project at a time.")
        return None
    return propose_or_tell(request, "retry", {"runs": sorted({run for run, _ in found})})


@admin.register(PropagationBatch)
class PropagationBatchAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Batches."""

    project_path = "run__project"
    list_display = (
        "__str__",
        "lane",
        "step",
        "size",
        "applied",
        "unchanged",
        "failed",
        "skipped",
        "deliveries",
        "done_at",
    )
    list_filter = ("lane",)
    search_fields = ("=run__id",)
    show_full_result_count = False


@admin.register(Event)
class EventAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Events, newest first."""

    list_display = ("seq", "project", "type", "run_id", "payload", "created_at")
    list_filter = ("type", ("project", ProjectFilter))
    search_fields = ("type", "=run_id")
    list_select_related = ("project",)
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(EventCounter)
class EventCounterAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """The newest event of each project."""

    list_display = ("project", "seq")
    list_select_related = ("project",)
    search_fields = ("project__code",)
