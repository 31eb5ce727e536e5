"""Admin of projects: their name and details are the definition of the project itself."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from assets.admin import (
    MembershipInline,
    ProjectScopedMixin,
    ScopedHistoryAdmin,
    SuperuserWritesMixin,
)
from assets.models import Entity, Kind, Project
from assets.services.settings import SETTINGS
from propagation.interchange.production import Production
from propagation.services.edit_project import edit_project
from propagation.services.import_production import import_production


class ProjectForm(forms.ModelForm):
    """Refuses to edit a project that is locked against people."""

    def clean(self) -> dict[str, Any] | None:
        """Raise ValidationError for a locked project."""
        own = Entity.objects.filter(project=self.instance.pk, kind=Kind.PROJECT, is_locked=True)
        if self.instance.pk and own.exists():
            msg = "The project is locked; a supervisor can unlock it."
            raise forms.ValidationError(msg)
        return super().clean()


@admin.register(Project)
class ProjectAdmin(SuperuserWritesMixin, ProjectScopedMixin, ScopedHistoryAdmin):
    """Projects; one with entities is not deleted here."""

    project_path = "pk"
    form = ProjectForm
    list_display = ("code", "name", "graph_revision", "created_at")
    search_fields = ("code", "name")
    readonly_fields = ("graph_revision", "created_at")
    inlines = (MembershipInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:  # noqa: ANN401 (Django's signature)
        """Keep the code once it is given: ids and links hold it."""
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else (*fields, "code")

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        del request, obj
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: Project,
        form: Any,  # noqa: ANN401 (Django's signature)
        change: bool,  # noqa: FBT001
    ) -> None:
        """Write as an import of nothing but the project does: its definition gets a version."""
        del change
        import_production(
            production=Production(
                code=obj.code,
                name=obj.name,
                details=obj.details,
                entities=(),
                references=(),
                order=(),
                ignored=(),
            ),
            project_code=obj.code,
            actor=cast("User", request.user),
            at=timezone.now(),
        )
        obj.pk = Project.objects.get(code=obj.code).pk
        settings = {name: form.cleaned_data[name] for name in SETTINGS}
        edit_project(
            project=Project.objects.get(pk=obj.pk),
            values=settings,
            actor=cast("User", request.user),
            at=timezone.now(),
        )
        obj._state.adding = False  # noqa: SLF001 (the rows of the inline belong to it)
        obj.refresh_from_db()
