"""Projects as management commands name them."""

from django.core.management.base import CommandError
from django.db.models import QuerySet

from assets.models import Project

UNKNOWN = 2
"""Exit code for a project that is not there."""


def select_projects(code: str | None) -> QuerySet[Project]:
    """Return the project of that code, or all; CommandError (exit 2) when there is none."""
    projects: QuerySet[Project] = Project.objects.order_by("code")
    if code is None:
        return projects
    found = projects.filter(code=code)
    if not found:
        msg = f"There is no project {code!r}."
        raise CommandError(msg, returncode=UNKNOWN)
    return found
