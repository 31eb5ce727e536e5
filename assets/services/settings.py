"""Settings of a project: how strict it is about edits that meet."""

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import Project, Role
from assets.services.access import check_role
from assets.services.history import credit
from assets.services.locking import lock_project

SETTINGS = ("strictness", "strict_writes", "leases_lock")


@transaction.atomic
def edit_settings(
    *, project_id: int, values: Mapping[str, object], actor: User | None, reason: str = ""
) -> Project:
    """Write those of SETTINGS that are named, with their history; values are checked before.

    RoleTooLowError for who is no admin of the project.
    """
    check_role(actor=actor, project_id=project_id, needed=Role.ADMIN)
    project: Project = lock_project(project_id=project_id)
    changed = [name for name in SETTINGS if values.get(name) not in (None, getattr(project, name))]
    for name in changed:
        setattr(project, name, values[name])
    if changed:
        credit(project, actor, reason=reason)
        project.save(update_fields=changed)
    return project
