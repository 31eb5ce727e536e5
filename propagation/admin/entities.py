"""Admin of assets, shots and sequences, each with a page to change and propagate it."""

from http import HTTPStatus
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from assets.admin import ProjectFilter, ProjectScopedMixin, ScopedHistoryAdmin
from assets.models import Asset, Entity, Priority, Role, Sequence, Shot
from assets.services.access import has_role
from assets.services.locking import lock_project
from assets.services.priority import set_priority
from propagation.admin.forms import ChangeContentForm
from propagation.admin.graph import show_graph
from propagation.admin.intents.values import Asked, NothingChangesError
from propagation.admin.links import get_entity_url
from propagation.admin.proposing import REFUSALS, propose
from propagation.admin.uses import show_uses
from propagation.services.lock_entities import lock_entities
from versions.models import DEFINITION, Head
from versions.services.resolve import load_version


class EntityAdmin(ProjectScopedMixin, ScopedHistoryAdmin):
    """Entities: priority and lock are edited here, their content by a change that propagates.

    They are made by imports and never deleted: their history would go with them.
    """

    list_display = ("code", "name", "type", "project", "priority", "is_locked")
    list_filter: tuple[Any, ...] = (("project", ProjectFilter), "type", "priority", "is_locked")
    search_fields = ("code", "name")
    list_select_related = ("project",)
    readonly_fields = ("project", "kind", "type", "code", "name", "created_at")
    change_form_template = "admin/propagation/entity_change_form.html"
    show_full_result_count = False

    def __init__(self, model: type[Entity], admin_site: admin.AdminSite) -> None:
        # A proxy shares the history of its entity, but simple-history marks only the entity.
        model._meta.simple_history_manager_attribute = "history"  # type: ignore[attr-defined]  # noqa: SLF001
        super().__init__(model, admin_site)

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Entity | None = None) -> bool:
        """Who may set the priority: supervisors, as in the service."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or _has_role(request, obj, Role.SUPERVISOR))

    def has_delete_permission(self, request: HttpRequest, obj: Entity | None = None) -> bool:
        del request, obj
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: Entity,
        form: "ModelForm[Any]",
        change: bool,  # noqa: FBT001
    ) -> None:
        """Write what was edited through the services, as every door does; locks in their order."""
        del change
        actor, at = _get_actor(request), timezone.now()
        lock_project(project_id=obj.project_id)
        if "is_locked" in form.changed_data:
            lock_entities(
                project_id=obj.project_id,
                entity_ids=[obj.pk],
                is_locked=obj.is_locked,
                reason="admin",
                actor=actor,
                at=at,
            )
        if "priority" in form.changed_data:
            set_priority(
                project_id=obj.project_id,
                entity_ids=[obj.pk],
                priority=Priority(obj.priority),
                actor=actor,
                at=at,
            )

    def get_urls(self) -> list[URLPattern]:
        prefix = f"{self.opts.app_label}_{self.opts.model_name}"
        pages = {"propagate": self.propagate_view, "graph": self.graph_view, "uses": self.uses_view}
        return [
            *(
                path(
                    f"<path:object_id>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"{prefix}_{name}",
                )
                for name, view in pages.items()
            ),
            *super().get_urls(),
        ]

    def graph_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what it is connected to."""
        return show_graph(self, request, self._find(request, object_id))

    def uses_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what it uses, at which versions, and pin that."""
        return show_uses(self, request, self._find(request, object_id))

    def _find(self, request: HttpRequest, object_id: str) -> Entity:
        entity = cast("Entity | None", self.get_object(request, object_id))
        if entity is None:
            raise Http404
        if not self.has_view_permission(request, entity):
            raise PermissionDenied
        return entity

    def propagate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the entity's content to change, and lead to what that would affect."""
        entity = self._find(request, object_id)
        if not _has_role(request, entity, Role.ARTIST):
            raise PermissionDenied
        head = Head.objects.select_related("best__content").get(entity=entity, slot=DEFINITION)
        form = ChangeContentForm(
            request.POST or None, content=head.best.content.data, version=head.best.number
        )
        if request.method == "POST" and form.is_valid():
            try:
                return propose(request, "change", _read_change(entity, form))
            except NothingChangesError as error:
                messages.info(request, str(error))
                return HttpResponseRedirect(get_entity_url(entity.kind, entity.pk))
            except REFUSALS as error:
                form.add_error(None, str(error))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Change {entity.code} and propagate",
            "original": entity,
            "head": head,
            "form": form,
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
        template = "admin/propagation/propagate.html"
        return TemplateResponse(request, template, context, status=status)


def _read_change(entity: Entity, form: ChangeContentForm) -> Asked:
    """Return what the form asks for: the edit of the version that it showed."""
    base = load_version(entity=entity, number=form.cleaned_data["base_version"])
    return {
        "entity": entity.pk,
        "data": form.get_change(base.content.data),
        "base_version": base.number,
        "mode": form.cleaned_data["mode"],
        "note": form.cleaned_data["note"],
    }


def _has_role(request: HttpRequest, entity: Entity, needed: Role) -> bool:
    return has_role(actor=_get_actor(request), project_id=entity.project_id, needed=needed)


def _get_actor(request: HttpRequest) -> User:
    return cast("User", request.user)


@admin.register(Asset)
class AssetAdmin(EntityAdmin):
    """Characters, props, wardrobe, locations, styles and the rest."""


@admin.register(Shot)
class ShotAdmin(EntityAdmin):
    """Shots."""

    list_filter = (("project", ProjectFilter), "priority", "is_locked")


@admin.register(Sequence)
class SequenceAdmin(EntityAdmin):
    """Sequences, acts, episodes."""

    list_filter = (("project", ProjectFilter), "priority", "is_locked")
