"""Admin of pins, which can be taken off, and of jobs for somebody outside."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from assets.admin import ProjectFilter, ProjectScopedMixin, ReadOnlyMixin
from propagation.admin.proposing import propose_or_tell
from propagation.models import ExternalJob
from versions.models import Pin


@admin.register(Pin)
class PinAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Pins, by the end that they have."""

    project_path = "reference__project"
    list_display = ("reference", "version", "owner", "reason", "follow", "pinned_at", "expires_at")
    list_filter = (("reference__project", ProjectFilter), "follow")
    search_fields = ("reference__source__code", "reference__target__code", "reason")
    list_select_related = ("reference__source", "reference__target", "version__entity", "owner")
    ordering = ("expires_at", "pk")
    actions = ("unpin",)

    @admin.action(description="Unpin: show the impact first")
    def unpin(self, request: HttpRequest, pins: QuerySet[Pin]) -> HttpResponse | None:
        """Lead to what letting one reference go would do."""
        ids = list(pins.values_list("pk", flat=True)[:2])
        if len(ids) == 1:
            return propose_or_tell(request, "unpin", {"reference": ids[0]})
        messages.error(request, "Choose one pin at a time: each has an impact of its own.")
        return None


@admin.register(ExternalJob)
class ExternalJobAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Jobs, newest first. Whoever knows a token completes its job, so that is not shown."""

    exclude = ("token",)
    list_display = ("item", "project", "state", "created_at", "due_at", "ended_at")
    list_filter = ("state", ("project", ProjectFilter))
    search_fields = ("item__entity__code", "=item__run__id")
    list_select_related = ("item__entity", "project")
    ordering = ("-pk",)
