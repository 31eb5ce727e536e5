"""Admin of what each entity was: to look at; services write."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from assets.admin import ProjectScopedMixin, ReadOnlyMixin
from versions.models import Consumption, Content, Head, Version, VersionInput

SHOWN_INPUTS = 100


@admin.register(Version)
class VersionAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Versions."""

    project_path = "entity__project"
    list_display = ("__str__", "slot", "origin", "author", "run_id", "note", "created_at")
    list_filter = ("origin", "slot", "entity__kind", "entity__project")
    search_fields = ("entity__code", "note", "checksum")
    list_select_related = ("entity", "author")
    fields = (
        "entity",
        "slot",
        "number",
        "content",
        "parent",
        "origin",
        "author",
        "run_id",
        "note",
        "checksum",
        "created_at",
        "moved_inputs",
    )
    readonly_fields = ("moved_inputs",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Version]:
        return super().get_queryset(request).select_related("entity", "parent__entity", "content")

    @admin.display(description="inputs that differ from the parent's")
    def moved_inputs(self, version: Version) -> str:
        """List the first of them; a sequence's first version has one per shot."""
        rows = VersionInput.objects.filter(version=version).select_related(
            "source", "source_version"
        )
        lines = [
            (
                given.source.code,
                given.role,
                f"v{given.source_version.number}" if given.source_version else "removed",
            )
            for given in rows.order_by("pk")[:SHOWN_INPUTS]
        ]
        rest = rows.count() - len(lines)
        return format_html(
            "{}{}",
            format_html_join("", "{} ({}): {}<br>", lines),
            f"and {rest} more" if rest else "",
        )


@admin.register(Content)
class ContentAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Contents; they belong to no project, so only superusers see them by themselves."""

    list_display = ("id", "sha256")
    search_fields = ("sha256",)
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: Content | None = None) -> bool:
        del obj
        return bool(request.user.is_superuser)


@admin.register(Head)
class HeadAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Heads."""

    project_path = "entity__project"
    list_display = ("entity", "slot", "best", "latest")
    list_filter = ("slot", "entity__kind", "entity__project")
    search_fields = ("entity__code",)
    list_select_related = ("entity", "best__entity", "latest__entity")
    show_full_result_count = False


@admin.register(Consumption)
class ConsumptionAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """What each reference's target consumed."""

    project_path = "reference__project"
    list_display = ("reference", "version")
    search_fields = ("reference__source__code", "reference__target__code")
    list_select_related = ("reference__source", "reference__target", "version__entity")
    show_full_result_count = False
