"""Admin of what exists, and what all admin pages share: people see their own projects only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from assets.models import AssetReference, Membership, Project


class ProjectScopedMixin:
    """Shows the rows of projects that the user may see; project_path leads from row to project."""

    project_path = "project"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        if request.user.is_superuser:
            return rows
        visible = Project.objects.visible_to(request.user)
        return rows.filter(**{f"{self.project_path}__in": visible})


class ReadOnlyMixin:
    """For rows that only services write: people look at them."""

    def has_add_permission(self, request: HttpRequest, *_: object) -> bool:
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        del request, obj
        return False


class SuperuserWritesMixin:
    """For what decides who may do what: a project's admin changes it through the API, not here."""

    def has_add_permission(self, request: HttpRequest, *_: object) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        del obj
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        del obj
        return bool(request.user.is_superuser)


class MembershipInline(SuperuserWritesMixin, admin.TabularInline):
    """Who may do what, on the project's page."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Project)
class ProjectAdmin(SuperuserWritesMixin, ProjectScopedMixin, SimpleHistoryAdmin):
    """Projects; one with entities is not deleted here."""

    project_path = "pk"
    list_display = ("code", "name", "graph_revision", "created_at")
    search_fields = ("code", "name")
    readonly_fields = ("graph_revision", "created_at")
    inlines = (MembershipInline,)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        is_empty = isinstance(obj, Project) and not obj.entities.exists()
        return is_empty and super().has_delete_permission(request, obj)

    def save_model(
        self,
        request: HttpRequest,
        obj: Project,
        form: Any,  # noqa: ANN401 (Django's signature)
        change: bool,  # noqa: FBT001
    ) -> None:
        """Write only what was edited: another column may have moved since the page was read."""
        del request
        obj.save(update_fields=form.changed_data if change else None)


@admin.register(Membership)
class MembershipAdmin(SuperuserWritesMixin, ProjectScopedMixin, SimpleHistoryAdmin):
    """Roles."""

    list_display = ("user", "project", "role")
    list_filter = ("role", "project")
    search_fields = ("user__username", "project__code")
    autocomplete_fields = ("user", "project")
    list_select_related = ("user", "project")


@admin.register(AssetReference)
class AssetReferenceAdmin(ReadOnlyMixin, ProjectScopedMixin, SimpleHistoryAdmin):
    """References; added and removed through the API or an import, which check for cycles."""

    list_display = ("source", "target", "role", "label", "follow", "project")
    list_filter = ("role", "follow", "project")
    search_fields = ("source__code", "target__code")
    list_select_related = ("source", "target", "project")
    show_full_result_count = False
