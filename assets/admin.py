"""Admin of what exists."""

from django.contrib import admin
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from assets.models import AssetReference, Membership, Project


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


class MembershipInline(admin.TabularInline):
    """Who may do what, on the project's page."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Project)
class ProjectAdmin(SimpleHistoryAdmin):
    """Projects; one with entities is not deleted here."""

    list_display = ("code", "name", "graph_revision", "created_at")
    search_fields = ("code", "name")
    readonly_fields = ("graph_revision", "created_at")
    inlines = (MembershipInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and obj is not None and not obj.entities.exists()


@admin.register(Membership)
class MembershipAdmin(SimpleHistoryAdmin):
    """Roles."""

    list_display = ("user", "project", "role")
    list_filter = ("role", "project")
    search_fields = ("user__username", "project__code")
    autocomplete_fields = ("user", "project")
    list_select_related = ("user", "project")


@admin.register(AssetReference)
class AssetReferenceAdmin(ReadOnlyMixin, SimpleHistoryAdmin):
    """References; added and removed through the API or an import, which check for cycles."""

    list_display = ("source", "target", "role", "label", "follow", "project")
    list_filter = ("role", "follow", "project")
    search_fields = ("source__code", "target__code")
    list_select_related = ("source", "target", "project")
    show_full_result_count = False
