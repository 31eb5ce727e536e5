"""Admin of runs, items, batches and events: to look at; the engine writes."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from assets.admin import ProjectScopedMixin, ReadOnlyMixin
from propagation.models import (
    Event,
    EventCounter,
    PropagationBatch,
    PropagationItem,
    PropagationRun,
    RunSource,
)
from propagation.models.run import PROCESSED_ITEMS

SHOWN_SOURCES = 20


class BatchInline(ReadOnlyMixin, admin.TabularInline):
    """How far each batch is."""

    model = PropagationBatch
    extra = 0
    fields = ("number", "step", "lane", "size", "applied", "unchanged", "failed", "done_at")


@admin.register(PropagationRun)
class PropagationRunAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Runs, newest first."""

    list_display = ("id", "project", "kind", "status", "progress", "actor", "note", "created_at")
    list_filter = ("status", "kind", "mode", "project")
    search_fields = ("=id", "note", "sources__entity__code")
    list_select_related = ("project", "actor")
    date_hierarchy = "created_at"
    inlines = (BatchInline,)
    readonly_fields = ("changed_entities",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PropagationRun]:
        runs: QuerySet[PropagationRun] = super().get_queryset(request)
        return runs.annotate(processed=PROCESSED_ITEMS)

    @admin.display(description="what changed")
    def changed_entities(self, run: PropagationRun) -> str:
        """Name the first versions that started the run; an import may have thousands."""
        sources = RunSource.objects.filter(run=run).select_related("version__entity")
        shown = [str(source.version) for source in sources.order_by("pk")[:SHOWN_SOURCES]]
        rest = sources.count() - len(shown)
        return ", ".join(shown) + (f" and {rest} more" if rest else "")

    @admin.display(description="progress")
    def progress(self, run: Any) -> str:  # noqa: ANN401 (a run with the annotation above)
        """Items done of all."""
        return f"{run.processed} of {run.total}"


@admin.register(PropagationItem)
class PropagationItemAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Items."""

    project_path = "run__project"
    list_display = ("entity", "run", "state", "level", "version", "error")
    list_filter = ("state", "entity__kind", "run__project")
    search_fields = ("entity__code", "=run__id", "error")
    list_select_related = ("entity", "run", "version__entity")
    show_full_result_count = False


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
    list_filter = ("type", "project")
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
