"""Admin of what lies beside the versions: to look at; services write."""

from django.contrib import admin
from django.http import HttpRequest

from assets.admin import (
    ProjectFilter,
    ProjectScopedMixin,
    ReadOnlyMixin,
    ScopedHistoryAdmin,
    SuperuserWritesMixin,
)
from versions.models import (
    Annotation,
    BestChoice,
    Consumption,
    Content,
    FieldFacet,
    FieldKind,
    Head,
    StoredFile,
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
    list_display = ("entity", "slot", "best", "latest", "approved")
    list_filter = ("slot", "entity__kind", ("entity__project", ProjectFilter))
    search_fields = ("entity__code",)
    list_select_related = ("entity", "best__entity", "latest__entity", "approved__entity")
    show_full_result_count = False


@admin.register(Consumption)
class ConsumptionAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """What each reference's target consumed."""

    project_path = "reference__project"
    list_display = ("reference", "version")
    search_fields = ("reference__source__code", "reference__target__code")
    list_select_related = ("reference__source", "reference__target", "version__entity")
    show_full_result_count = False


@admin.register(Annotation)
class AnnotationAdmin(ReadOnlyMixin, ProjectScopedMixin, ScopedHistoryAdmin):
    """What was said of versions, and its history."""

    project_path = "version__entity__project"
    list_display = ("version", "status", "is_hidden", "score", "revision")
    list_filter = ("status", "is_hidden", ("version__entity__project", ProjectFilter))
    search_fields = ("version__entity__code",)
    list_select_related = ("version__entity",)
    show_full_result_count = False


@admin.register(BestChoice)
class BestChoiceAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Who chose which version, newest first."""

    project_path = "version__entity__project"
    list_display = ("version", "author", "reason", "chosen_at")
    search_fields = ("version__entity__code", "reason")
    list_select_related = ("version__entity", "author")
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Uploaded files."""

    list_display = ("name", "project", "content_type", "size", "author", "created_at")
    list_filter = (("project", ProjectFilter),)
    search_fields = ("name", "key", "sha256")
    list_select_related = ("project", "author")
    show_full_result_count = False


class FieldAdmin(SuperuserWritesMixin, ProjectScopedMixin, ScopedHistoryAdmin):
    """What a project says of its fields, over the built-in maps."""

    search_fields = ("field", "entity_type")
    list_select_related = ("project",)


@admin.register(FieldFacet)
class FieldFacetAdmin(FieldAdmin):
    """Which facet a field belongs to."""

    list_display = ("field", "entity_type", "facet", "project")
    list_filter = ("facet", ("project", ProjectFilter))


@admin.register(FieldKind)
class FieldKindAdmin(FieldAdmin):
    """How two edits of a field go together."""

    list_display = ("field", "entity_type", "kind", "project")
    list_filter = ("kind", ("project", ProjectFilter))
