"""Admin of users and groups, whose permissions are searched instead of listed by the hundred."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import QuerySet
from django.http import HttpRequest

from assets.admin import ReadOnlyMixin

admin.site.unregister([User, Group])


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Users."""

    filter_horizontal = ()
    autocomplete_fields = ("groups", "user_permissions")
    readonly_fields = ("last_login", "date_joined")


@admin.register(Group)
class PeopleAdmin(GroupAdmin):
    """Groups."""

    filter_horizontal = ()
    autocomplete_fields = ("permissions",)


@admin.register(Permission)
class PermissionAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Permissions, to choose one by its words."""

    list_display = ("name", "content_type", "codename")
    search_fields = ("name", "codename", "content_type__app_label", "content_type__model")
    ordering = ("content_type__app_label", "content_type__model", "codename")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Permission]:
        return super().get_queryset(request).select_related("content_type")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Keep it off the index."""
        del request
        return False
