"""Who may do what: every service asks here first, so that all doors behave alike."""

from django.contrib.auth.models import User
from django.db.models import QuerySet

from assets.confining import find_confines
from assets.exceptions import RoleTooLowError
from assets.models import Membership, Project, Role


def check_role(*, actor: User | None, project_id: int, needed: Role) -> None:
    """Raise RoleTooLowError unless the actor has the role, or a higher one, in the project.

    None is the operator of the machine (a management command): allowed.
    """
    if actor is not None and not has_role(actor=actor, project_id=project_id, needed=needed):
        raise RoleTooLowError(needed.value)


def has_role(*, actor: User, project_id: int, needed: Role) -> bool:
    """Tell whether the actor has the role, or a higher one, in the project; superusers have all."""
    confines = find_confines(actor)
    if confines is not None and project_id not in confines:
        return False
    if actor.is_superuser:
        return True
    role = find_role(actor=actor, project_id=project_id)
    return role is not None and role.includes(needed)


def find_projects(*, actor: User, needed: Role) -> QuerySet[Project]:
    """Return the projects in which the actor has the role, or a higher one; all for superusers."""
    visible: QuerySet[Project] = Project.objects.visible_to(actor)
    if actor.is_superuser:
        return visible
    roles = [role for role in Role if role.includes(needed)]
    own = Membership.objects.filter(user=actor, role__in=roles)
    return visible.filter(pk__in=own.values("project"))


def is_house_staff(actor: User) -> bool:
    """Tell whether the actor may see what belongs to no project, such as queues and metrics."""
    return actor.is_staff and find_confines(actor) is None


def find_role(*, actor: User, project_id: int) -> Role | None:
    """Return the actor's role in the project; None for somebody who is no member."""
    role = (
        Membership.objects.filter(project_id=project_id, user_id=actor.pk)
        .values_list("role", flat=True)
        .first()
    )
    return Role(role) if role is not None else None
