"""Delete notifications that were read long ago, and those of people who left the project."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from assets.models import Membership
from assets.setwise import select_ids
from propagation.models import Notification
from propagation.notices.inbox import bump_inboxes, lock_inboxes

FORGOTTEN_AT_ONCE = 10_000
LEFT_SINCE = timedelta(days=1)
"""How long the scheduler may have been away for whoever left meanwhile to be noticed."""


def forget_notices(*, at: datetime) -> int:
    """Delete what was read settings.NOTICES_KEPT_DAYS ago, and what those had who left.

    Return how many there were. Whoever left a project sees nothing of it in any case; this is for
    the count of what is unread, and for nothing to be there when they come back.
    """
    until = at - timedelta(days=settings.NOTICES_KEPT_DAYS)
    old = Notification.objects.filter(read_at__lt=until)
    return _forget(old, at) + _forget(_find_lost(at), at)


def _find_lost(at: datetime) -> QuerySet[Notification]:
    """Return the notifications of people who left the project not long ago, and stayed away."""
    history: Any = Membership.history
    here = {"user": OuterRef("user"), "project": OuterRef("project")}
    left = history.filter(history_type="-", history_date__gt=at - LEFT_SINCE)
    if not left.exists():  # as nearly always; the scheduler asks every two seconds
        return Notification.objects.none()
    rows = Notification.objects.filter(
        user__in=left.values("user_id"), project__in=left.values("project_id")
    )
    stays = Q(user__is_superuser=True) | Exists(Membership.objects.filter(**here))
    return rows.filter(Exists(left.filter(**here))).exclude(stays)


@transaction.atomic
def _forget(rows: QuerySet[Notification], at: datetime) -> int:
    found = dict(rows.order_by("pk").values_list("pk", "user_id")[:FORGOTTEN_AT_ONCE])
    if not found:
        return 0
    user_ids = set(found.values())
    lock_inboxes(user_ids=user_ids, at=at)
    # Looked up once more: somebody may have been told anew before their inbox was locked.
    count = rows.filter(pk__in=select_ids(found)).delete()[0]
    bump_inboxes(user_ids=user_ids, at=at)
    return count
