"""Admin of rules, with the same checks as in the API, and of what they hold."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from assets.admin import ProjectFilter, ProjectScopedMixin, ScopedHistoryAdmin
from assets.exceptions import AssetsError, RoleTooLowError
from assets.models import AssetReference, Entity, Project, Role
from assets.services.access import find_projects, has_role
from propagation.admin.forms import Chooser, IndentedJSONField
from propagation.admin.simulation import show_simulation
from propagation.exceptions import PropagationError
from propagation.models import PropagationRule
from propagation.rules.rule import SETS
from propagation.services.edit_rules import check_rules, delete_rule, save_rule

FIELDS = ("position", "is_enabled", "action", "lane", *SETS, "expression")


TRIED = ("tried_on", "tried_change")
"""Inputs of a simulation, which are no part of the rule."""


class RuleForm(forms.ModelForm):
    """Refuses what the service would refuse, on the page."""

    tried_on = forms.ModelChoiceField(
        Entity.objects.none(),
        label="Entity",
        required=False,
        widget=Chooser(AssetReference._meta.get_field("source"), admin.site),  # noqa: SLF001
        help_text="Simulate a change of it by the rules as they would be, before you save.",
    )
    tried_change = IndentedJSONField(
        label="Change",
        required=False,
        initial=dict,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60, "spellcheck": "false"}),
        help_text='The fields to change, as JSON: {"attributes": {"wardrobe": "green coat"}}.',
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 (Django's)
        super().__init__(*arguments, **options)
        for name in SETS:
            field = self.fields[name]
            field.initial, field.help_text = list, 'A JSON list, as ["shot"]; empty fits anything.'
            field.widget.attrs.update(rows=2, cols=60)

    def read_row(self) -> PropagationRule:
        """Return the rule as the form says it, not saved."""
        present = self.instance
        names = ("project_id", "name") if present.pk else ()
        kept = {name: getattr(present, name) for name in names}
        said = {key: value for key, value in self.cleaned_data.items() if key not in TRIED}
        return PropagationRule(pk=present.pk, **{**kept, **said})

    def clean(self) -> dict[str, Any] | None:
        """Raise ValidationError for a rule that can never match, with the reason."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            check_rules(row=self.read_row())
        except PropagationError as error:
            raise forms.ValidationError(str(error)) from error
        return cleaned


@admin.register(PropagationRule)
class PropagationRuleAdmin(ProjectScopedMixin, ScopedHistoryAdmin):
    """Rules in their order."""

    form = RuleForm
    list_display = ("name", "project", "position", "action", "is_enabled", "expression")
    list_filter = (("project", ProjectFilter), "action", "is_enabled")
    search_fields = ("name",)
    list_select_related = ("project",)
    ordering = ("project", "position", "pk")
    fieldsets = (
        (None, {"fields": ("project", "name", *FIELDS)}),
        ("Try it", {"fields": TRIED}),
    )
    change_form_template = "admin/propagation/rule_change_form.html"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show and save the rule; with the other button, only show what it would do."""
        if request.method == "POST" and "_simulate" in request.POST:
            return show_simulation(self, request, object_id)
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        return answer

    def get_form(
        self,
        request: HttpRequest,
        obj: PropagationRule | None = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401 (a form class)
        """Offer the entities that the user may see."""
        form = super().get_form(request, obj, change, **options)
        form.base_fields["tried_on"].queryset = Entity.objects.visible_to(request.user)
        return form

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may add one: supervisors of some project."""
        return bool(super().has_add_permission(request)) and bool(_list_supervised(request))

    def has_change_permission(
        self, request: HttpRequest, obj: PropagationRule | None = None
    ) -> bool:
        """Who may edit it: supervisors, as in the service."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or _is_supervisor(request, obj.project))

    def formfield_for_foreignkey(
        self,
        db_field: Any,  # noqa: ANN401 (Django's signature)
        request: HttpRequest,
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Offer the projects that the user supervises."""
        if db_field.name == "project":
            options["queryset"] = Project.objects.filter(pk__in=_list_supervised(request))
            options["widget"] = Chooser(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **options)

    def get_readonly_fields(
        self, request: HttpRequest, obj: PropagationRule | None = None
    ) -> tuple[str, ...]:
        """Keep project and name once they are given: items name their rule."""
        del request
        return () if obj is None else ("project", "name")

    def save_model(
        self,
        request: HttpRequest,
        obj: PropagationRule,
        form: Any,  # noqa: ANN401 (Django's signature)
        change: bool,  # noqa: FBT001
    ) -> None:
        """Write through the service; a role that is too low is refused."""
        del form, change
        values = {name: getattr(obj, name) for name in FIELDS}
        project: Project = obj.project
        try:
            saved = save_rule(
                project=project,
                name=obj.name,
                values=values,
                actor=cast("User", request.user),
                at=timezone.now(),
            )
        except RoleTooLowError as error:
            raise PermissionDenied from error
        obj.pk = saved.pk

    def delete_model(self, request: HttpRequest, obj: PropagationRule) -> None:
        """Delete through the service."""
        try:
            delete_rule(
                project=obj.project,
                name=obj.name,
                actor=cast("User", request.user),
                at=timezone.now(),
            )
        except AssetsError as error:
            messages.error(request, str(error))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PropagationRule]) -> None:
        """Delete each through the service."""
        for row in queryset:
            self.delete_model(request, row)


def _list_supervised(request: HttpRequest) -> list[int]:
    projects = find_projects(actor=cast("User", request.user), needed=Role.SUPERVISOR)
    return list(projects.values_list("pk", flat=True))


def _is_supervisor(request: HttpRequest, project: Project) -> bool:
    actor = cast("User", request.user)
    return has_role(actor=actor, project_id=project.pk, needed=Role.SUPERVISOR)
