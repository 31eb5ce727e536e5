"""Admin of what exists, and what all admin pages share: people see their own projects only."""

from itertools import pairwise
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin

from assets.models import AssetReference, Entity, Membership, Project


class ProjectScopedMixin:
    """Shows the rows of projects that the user may see; project_path leads from row to project."""

    project_path = "project"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        if request.user.is_superuser:
            return rows
        visible = Project.objects.visible_to(request.user)
        return rows.filter(**{f"{self.project_path}__in": visible})


class ScopedHistoryAdmin(SimpleHistoryAdmin):
    """History of what the user may see, to look at.

    simple-history's own pages ask for the permission to view the model only, whatever the list
    shows, and write a form that is posted to an old state past every service.
    """

    object_history_template = "admin/propagation/history.html"
    object_history_list_template = "admin/propagation/history_list.html"
    history_list_per_page = 50

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._check_visible(request, object_id)
        answer: HttpResponse = super().history_view(request, object_id, extra_context)
        return answer

    def set_history_delta_changes(
        self,
        request: HttpRequest,
        historical_records: Any,  # noqa: ANN401 (a page of rows)
        foreign_keys_are_objs: bool = True,  # noqa: FBT001, FBT002
    ) -> None:
        """Say what each row changed, that at the end of a page against the next page's first."""
        del request
        rows = list(historical_records)
        if rows and historical_records.has_next():
            following = historical_records.paginator.page(historical_records.next_page_number())
            rows.append(following.object_list[0])
        for row, before in pairwise(rows):
            delta = row.diff_against(before, foreign_keys_are_objs=foreign_keys_are_objs)
            row.history_delta_changes = delta.changes

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self._check_visible(request, object_id)
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        answer: HttpResponse = super().history_form_view(
            request, object_id, version_id, extra_context
        )
        return answer

    def _check_visible(self, request: HttpRequest, object_id: str) -> None:
        try:
            is_visible = self.get_queryset(request).filter(pk=unquote(object_id)).exists()
        except (ValueError, ValidationError) as error:
            raise Http404 from error
        if not is_visible:
            raise Http404


class ProjectFilter(admin.RelatedFieldListFilter):
    """Filters by the projects that the user may see; the stock filter names all of them."""

    def field_choices(self, field: object, request: HttpRequest, model_admin: object) -> Any:  # noqa: ANN401 (pairs of key and label)
        del field, model_admin
        projects = Project.objects.visible_to(request.user).order_by("code").distinct()
        return [(str(project.pk), str(project)) for project in projects]


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


@admin.register(Membership)
class MembershipAdmin(SuperuserWritesMixin, ProjectScopedMixin, ScopedHistoryAdmin):
    """Roles."""

    list_display = ("user", "project", "role")
    list_filter = ("role", ("project", ProjectFilter))
    search_fields = ("user__username", "project__code")
    autocomplete_fields = ("user", "project")
    list_select_related = ("user", "project")


@admin.register(AssetReference)
class AssetReferenceAdmin(ReadOnlyMixin, ProjectScopedMixin, ScopedHistoryAdmin):
    """References; added and removed through the API or an import, which check for cycles."""

    list_display = ("source", "target", "role", "label", "follow", "project")
    list_filter = ("role", "follow", ("project", ProjectFilter))
    search_fields = ("source__code", "target__code")
    list_select_related = ("source", "target", "project")
    show_full_result_count = False


@admin.register(Entity)
class EntityChooserAdmin(ReadOnlyMixin, ProjectScopedMixin, ScopedHistoryAdmin):
    """Entities of all kinds, to choose one by its code; each kind has pages of its own."""

    list_display = ("code", "name", "kind", "type", "project")
    list_filter = (("project", ProjectFilter), "kind")
    search_fields = ("code", "name")
    list_select_related = ("project",)
    ordering = ("code", "pk")
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Keep it off the index."""
        del request
        return False
