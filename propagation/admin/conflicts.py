"""Admin of conflicts: both sides of each field, and the buttons that decide."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from assets.admin import ProjectFilter, ProjectScopedMixin, ReadOnlyMixin
from assets.exceptions import AssetsError
from assets.models import Role
from assets.services.access import has_role
from propagation.admin.forms import IndentedJSONField
from propagation.conflicts.fields import REFERENCE_SIDES, SIDES
from propagation.conflicts.strategies import Way
from propagation.exceptions import PropagationError
from propagation.models import Conflict, ConflictStatus, EditLease, Subject
from propagation.services.describe_conflict import describe_conflict
from propagation.services.resolve_conflict import (
    Decision,
    dismiss_conflict,
    find_conflict,
    find_conflicts,
    resolve_conflict,
)
from versions.exceptions import VersionsError

TYPED = "typed"


class ResolutionForm(forms.Form):
    """A choice per field that clashes, and why."""

    note = forms.CharField(required=False, max_length=2000, help_text="Why, for the history.")
    theirs = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, conflict: Conflict) -> None:  # noqa: ANN401 (Django's)
        number = conflict.theirs.number if conflict.theirs else None
        super().__init__(data, initial={"theirs": number})
        self.conflict = conflict
        can_type = conflict.subject == Subject.CONTENT
        sides = [*SIDES, TYPED] if can_type else REFERENCE_SIDES
        for number, field in enumerate(conflict.fields):
            choice = conflict.choices.get(field["field"], {})
            self.fields[f"choice-{number}"] = forms.ChoiceField(
                label=field["field"],
                choices=[(side, side) for side in sides],
                required=False,
                initial=choice.get("take", TYPED if "value" in choice else None),
                widget=forms.RadioSelect,
            )
            if can_type:
                self.fields[f"value-{number}"] = _make_input(field, choice)

    def clean(self) -> dict[str, Any]:
        """Refuse an empty box where a value is to be typed as JSON."""
        for number, _ in enumerate(self.conflict.fields):
            is_typed = self.cleaned_data.get(f"choice-{number}") == TYPED
            if is_typed and self.cleaned_data.get(f"value-{number}", "") is None:
                self.add_error(f"value-{number}", "Type a value; base, theirs or yours for none.")
        return self.cleaned_data

    def get_rows(self) -> list[dict[str, Any]]:
        """Return each field with its sides, as they are shown, and its inputs."""
        names = self.fields
        return [
            {
                "field": field["field"],
                "sides": [(side, _write(field.get(side)), side in field) for side in SIDES],
                "choice": self[f"choice-{number}"],
                "value": self[f"value-{number}"] if f"value-{number}" in names else None,
            }
            for number, field in enumerate(self.conflict.fields)
        ]

    def get_choices(self) -> dict[str, dict[str, Any]]:
        """Return what was chosen, by field."""
        chosen: dict[str, dict[str, Any]] = {}
        for number, field in enumerate(self.conflict.fields):
            side = self.cleaned_data[f"choice-{number}"]
            if side == TYPED:
                chosen[field["field"]] = {"value": self.cleaned_data.get(f"value-{number}")}
            elif side:
                chosen[field["field"]] = {"take": side}
        return chosen


def _make_input(field: Mapping[str, Any], choice: Mapping[str, Any]) -> forms.Field:
    """Return the input of a typed value, which begins with yours: text where all sides are text."""
    given = {
        "required": False,
        "initial": choice.get("value", field.get("yours")),
        "widget": forms.Textarea(attrs={"rows": 3, "cols": 80}),
    }
    label = f"Typed value of {field['field']}"
    if all(isinstance(field[side], str) for side in SIDES if side in field):
        return forms.CharField(label=label, strip=False, **given)
    return IndentedJSONField(label=f"{label}, as JSON", **given)


@admin.register(Conflict)
class ConflictAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Conflicts, newest first."""

    list_display = ("__str__", "type", "status", "severity", "author", "description", "opened_at")
    list_filter = ("status", "type", "severity", ("project", ProjectFilter))
    search_fields = ("entity__code", "description", "author__username")
    list_select_related = ("entity", "author")
    ordering = ("-pk",)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show both sides, and resolve or dismiss."""
        del form_url
        if not object_id.isdecimal():
            raise Http404
        conflict = find_conflicts(user=cast("User", request.user)).filter(pk=object_id).first()
        if conflict is None:
            raise Http404
        if not self.has_view_permission(request, conflict):
            raise PermissionDenied
        form = ResolutionForm(request.POST or None, conflict=conflict)
        if request.method == "POST" and form.is_valid():
            try:
                return self._decide(request, conflict, form)
            except (AssetsError, PropagationError, VersionsError) as error:
                form.add_error(None, str(error))
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "opts": self.opts,
            "title": f"Conflict about {conflict.entity.code}",
            "original": conflict,
            "described": describe_conflict(conflict),
            "form": form,
            "is_open": conflict.status == ConflictStatus.OPEN
            and _has_role(request, conflict, Role.ARTIST),
            "can_proceed": Way.PROCEED in conflict.options
            and _has_role(request, conflict, Role.SUPERVISOR),
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
        template = "admin/propagation/conflict.html"
        return TemplateResponse(request, template, context, status=status)

    def _decide(
        self, request: HttpRequest, conflict: Conflict, form: ResolutionForm
    ) -> HttpResponse:
        actor, at, note = cast("User", request.user), timezone.now(), form.cleaned_data["note"]
        here = HttpResponseRedirect(
            reverse("admin:propagation_conflict_change", args=[conflict.pk])
        )
        if "dismiss" in request.POST:
            dismiss_conflict(pk=conflict.pk, reason=note, actor=actor, at=at)
            messages.success(request, "Dismissed; what is there stays.")
            return here
        decision = Decision(
            choices=form.get_choices(),
            proceeds="proceed" in request.POST,
            note=note,
            theirs=form.cleaned_data["theirs"],
        )
        found = resolve_conflict(pk=conflict.pk, decision=decision, actor=actor, at=at)
        if found.is_overtaken:
            messages.warning(
                request, f"{found.conflict.description} Your choices are kept; look once more."
            )
            return here
        if found.outcome is None:
            left = describe_conflict(find_conflict(pk=conflict.pk, user=None))["left"]
            messages.info(request, f"Kept; {left} fields are left to choose.")
            return here
        if found.outcome.run is None:
            messages.success(request, "Resolved; nothing had to be written.")
            return here
        messages.success(request, f"Resolved; {found.outcome.affected} dependents follow.")
        url = reverse("admin:propagation_propagationrun_change", args=[found.outcome.run.pk])
        return HttpResponseRedirect(url)


@admin.register(EditLease)
class EditLeaseAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Who is editing what. Whoever knows a token goes on with its lease, so that is not shown."""

    project_path = "entity__project"
    exclude = ("token",)
    list_display = ("entity", "user", "fields", "started_at", "expires_at")
    list_filter = (("entity__project", ProjectFilter),)
    search_fields = ("entity__code", "user__username")
    list_select_related = ("entity", "user")


def _write(value: Any) -> str:  # noqa: ANN401 (any JSON value)
    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)


def _has_role(request: HttpRequest, conflict: Conflict, needed: Role) -> bool:
    actor = cast("User", request.user)
    return has_role(actor=actor, project_id=conflict.project_id, needed=needed)
