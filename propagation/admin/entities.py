"""Admin of assets, shots and sequences, each with a page to change and propagate it."""

from http import HTTPStatus
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from assets.admin import ProjectFilter, ProjectScopedMixin, ScopedHistoryAdmin
from assets.exceptions import AssetsError
from assets.models import Asset, Entity, Priority, Role, Sequence, Shot
from assets.services.access import has_role
from assets.services.locking import lock_project
from assets.services.priority import set_priority
from propagation.admin.forms import ChangeContentForm
from propagation.exceptions import PropagationError
from propagation.execution.cause import Cause
from propagation.models import RunKind, RunMode
from propagation.services.examine_changes import Change
from propagation.services.lock_entities import lock_entities
from propagation.services.propagate_change import preview_changes, propagate_change
from versions.exceptions import VersionsError
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
        name = f"{self.opts.app_label}_{self.opts.model_name}_propagate"
        view = self.admin_site.admin_view(self.propagate_view)
        return [
            path("<path:object_id>/propagate/", view, name=name),
            *super().get_urls(),
        ]

    def propagate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the entity's content to change, what that would affect, and start the run."""
        entity = cast("Entity | None", self.get_object(request, object_id))
        if entity is None:
            raise Http404
        if not self.has_view_permission(request, entity):
            raise PermissionDenied
        if not _has_role(request, entity, Role.ARTIST):
            raise PermissionDenied
        head = Head.objects.select_related("best__content").get(entity=entity, slot=DEFINITION)
        form = ChangeContentForm(
            request.POST or None, content=head.best.content.data, version=head.best.number
        )
        found = None
        if request.method == "POST" and form.is_valid():
            try:
                change, cause = _read_change(request, entity, form)
                if "propagate" in request.POST:
                    return self._propagate(request, change, cause)
                found = preview_changes(changes=[change], cause=cause, at=timezone.now())
            except (AssetsError, PropagationError, VersionsError) as error:
                form.add_error(None, str(error))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Change {entity.code} and propagate",
            "original": entity,
            "head": head,
            "form": form,
            "found": found,
            "fields": found.fields[entity.pk] if found else (),
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
        template = "admin/propagation/propagate.html"
        return TemplateResponse(request, template, context, status=status)

    def _propagate(self, request: HttpRequest, change: Change, cause: Cause) -> HttpResponse:
        outcome = propagate_change(change=change, cause=cause, at=timezone.now())
        for conflict in outcome.open_conflicts:
            messages.warning(request, f"{conflict.description} Nothing is lost: choose here.")
            url = reverse("admin:propagation_conflict_change", args=[conflict.pk])
            return HttpResponseRedirect(url)
        if outcome.run is None:
            messages.info(request, "These values are current already; nothing was changed.")
            url = reverse(f"admin:assets_{self.opts.model_name}_change", args=[change.entity.pk])
            return HttpResponseRedirect(url)
        messages.success(
            request,
            f"Published {change.entity.code} v{outcome.version_numbers[change.entity.pk]}; "
            f"{outcome.affected} dependents follow.",
        )
        url = reverse("admin:propagation_propagationrun_change", args=[outcome.run.pk])
        return HttpResponseRedirect(url)


def _read_change(
    request: HttpRequest, entity: Entity, form: ChangeContentForm
) -> tuple[Change, Cause]:
    """Return what the form asks for: the edit of the version that it showed."""
    base = load_version(entity=entity, number=form.cleaned_data["base_version"])
    change = Change(
        entity=entity,
        data=form.get_change(base.content.data),
        base_version=base.number,
        has_groups=False,
    )
    cause = Cause(
        kind=RunKind.CHANGE,
        actor=_get_actor(request),
        note=form.cleaned_data["note"],
        mode=RunMode(form.cleaned_data["mode"]),
    )
    return change, cause


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
