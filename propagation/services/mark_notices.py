"""A person's inbox: list it, and mark what is read, or unread again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from assets.confining import find_confines
from assets.models import Project
from assets.setwise import select_ids
from propagation.models import Notification, PropagationRun, Reason
from propagation.notices.inbox import bump_inboxes, lock_inboxes, read_unread


@dataclass(frozen=True, kw_only=True)
class NoticeFilter:
    """Which of a person's notifications are meant; None: whatever it is.

    until: only what they had been told by then, so that what came since is not read unseen.
    """

    ids: Collection[int] | None = None
    project: Project | None = None
    run: PropagationRun | None = None
    reason: Reason | None = None
    is_read: bool | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Marked:
    """How many were marked, and how many are unread now."""

    changed: int
    unread: int


def find_notices(*, user: User, wanted: NoticeFilter) -> QuerySet[Notification]:
    """Return the person's own notifications that are meant, of projects that they may see."""
    visible = Project.objects.visible_to(user)
    rows = Notification.objects.filter(user=user, project__in=visible.values("pk"))
    if wanted.ids is not None:
        rows = rows.filter(pk__in=select_ids(wanted.ids))
    if wanted.project is not None:
        rows = rows.filter(project=wanted.project)
    if wanted.run is not None:
        rows = rows.filter(run=wanted.run)
    if wanted.reason is not None:
        rows = rows.filter(reason=wanted.reason)
    if wanted.is_read is not None:
        rows = rows.filter(read_at__isnull=not wanted.is_read)
    if wanted.until is not None:
        rows = rows.filter(updated_at__lte=wanted.until)
    return rows


@transaction.atomic
def mark_notices(*, user: User, wanted: NoticeFilter, is_read: bool, at: datetime) -> Marked:
    """Mark those that are meant as read, or as unread; a constant number of statements.

    What is read is not mailed any more, also when it is marked as unread afterwards.
    """
    lock_inboxes(user_ids=[user.pk], at=at)
    rows = find_notices(user=user, wanted=wanted).filter(read_at__isnull=is_read)
    values = {"read_at": at, "mail_due_at": None} if is_read else {"read_at": None}
    changed = rows.update(**values)
    if changed:
        bump_inboxes(user_ids=[user.pk], at=at)
    return Marked(changed=changed, unread=count_unread(user=user))


def count_unread(*, user: User) -> int:
    """Return how many the person has not read; of the projects that they are confined to."""
    if find_confines(user) is not None:
        return find_notices(user=user, wanted=NoticeFilter(is_read=False)).count()
    return read_unread(user_ids=[user.pk])[user.pk]
