"""Create a project, with its definition; whoever creates it is its admin."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import Membership, Project, Role
from assets.services.history import credit
from propagation.exceptions import ProjectExistsError
from propagation.interchange.production import Production
from propagation.services.import_production import import_production
from versions.canonical import JsonObject


@transaction.atomic
def create_project(
    *, code: str, name: str, details: JsonObject, actor: User, at: datetime
) -> Project:
    """Return the new project; ValidationError for a code that will not do, ProjectExistsError."""
    if Project.objects.filter(code=code).exists():
        raise ProjectExistsError(code)
    project = Project(code=code, name=name or code, details=details)
    project.full_clean(validate_unique=False)
    project.save()
    member = Membership(project=project, user=actor, role=Role.ADMIN)
    credit(member, actor, reason="created the project", at=at)
    member.save()
    production = Production(
        code=code,
        name=project.name,
        details=details,
        entities=(),
        references=(),
        order=(),
        ignored=(),
    )
    import_production(production=production, project_code=code, actor=actor, at=at)
    project.refresh_from_db()
    return project
