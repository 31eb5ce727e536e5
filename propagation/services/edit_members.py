"""Who may do what in a project: by its admins, of whom there always is one."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from assets.models import Membership, Project, Role
from assets.services.access import check_role
from assets.services.history import credit
from assets.services.locking import lock_project
from propagation.exceptions import LastAdminError, MemberNotFoundError
from propagation.live.events import News, record_events


def list_members(*, project: Project, actor: User | None) -> QuerySet[Membership]:
    """Return them with their users; RoleTooLowError for whoever is not an admin."""
    check_role(actor=actor, project_id=project.pk, needed=Role.ADMIN)
    rows: QuerySet[Membership] = Membership.objects.filter(project=project)
    return rows.select_related("user").order_by("pk")


def find_member(*, project: Project, username: str, actor: User | None) -> Membership | None:
    """Return the member of that name, if there is one; RoleTooLowError."""
    return list_members(project=project, actor=actor).filter(user__username=username).first()


@transaction.atomic
def save_member(
    *, project: Project, username: str, role: Role, actor: User | None, at: datetime, reason: str
) -> tuple[Membership, bool]:
    """Give somebody who has an account this role; return the membership and whether it is new.

    MemberNotFoundError for who has none; LastAdminError; RoleTooLowError.
    """
    check_role(actor=actor, project_id=project.pk, needed=Role.ADMIN)
    lock_project(project_id=project.pk)  # two admins who leave at once must not leave none
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise MemberNotFoundError(username)
    row = Membership.objects.filter(project=project, user=user).first()
    is_new = row is None
    member = row or Membership(project=project, user=user)
    if not is_new and member.role == role:
        return member, False
    _check_not_last(member)
    member.role = role
    credit(member, actor, reason=reason)
    member.save()
    _tell(member, at)
    return member, is_new


@transaction.atomic
def remove_member(
    *, project: Project, username: str, actor: User | None, at: datetime, reason: str
) -> None:
    """Let somebody be a member no more; errors as in save_member."""
    check_role(actor=actor, project_id=project.pk, needed=Role.ADMIN)
    lock_project(project_id=project.pk)
    member = find_member(project=project, username=username, actor=actor)
    if member is None:
        raise MemberNotFoundError(username)
    _check_not_last(member)
    credit(member, actor, reason=reason)
    member.delete()
    _tell(member, at)


def _check_not_last(member: Membership) -> None:
    """Raise LastAdminError for the only admin, who is about to be none; under the project's lock.

    Somebody who cannot sign in any more does not count as another one.
    """
    if member.pk is None or member.role != Role.ADMIN:
        return
    others = Membership.objects.filter(project=member.project_id, role=Role.ADMIN)
    if not others.filter(user__is_active=True).exclude(pk=member.pk).exists():
        raise LastAdminError


def _tell(member: Membership, at: datetime) -> None:
    news = News(type="project_changed", payload={"members": [member.user.get_username()]})
    record_events(project_id=member.project_id, news=[news], at=at)
