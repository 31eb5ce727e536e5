"""Inboxes: lock them before anything in them is written, count what is unread, and say so.

Whoever writes notifications locks the inboxes of all whose they are, in ascending user id, writes,
and bumps them in the same transaction; so the count is never of a moment in between, and two who
write rows of the same people never wait for each other in a circle.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from assets.models import Membership
from assets.setwise import select_ids, upsert_rows
from propagation.models import Inbox, Notification


def lock_inboxes(*, user_ids: Collection[int], at: datetime) -> None:
    """Lock these people's inboxes until the transaction ends, making those that there are not."""
    upsert_rows(
        model=Inbox,
        key=["user"],
        columns=["touched_at"],
        rows=[(pk, at) for pk in sorted(set(user_ids))],
    )


def bump_inboxes(*, user_ids: Collection[int], at: datetime) -> None:
    """Count what these people have not read.

    Last in the transaction; the caller locked the inboxes before it wrote. Of a project that
    somebody may not see any more, nothing counts. One statement.
    """
    seen = Membership.objects.filter(user=OuterRef("user"), project=OuterRef("project"))
    unread = (
        Notification.objects.filter(user=OuterRef("user"), read_at=None)
        .filter(Q(user__is_superuser=True) | Q(project__in=seen.values("project")))
        .order_by()
        .values("user")
        .annotate(count=Count("pk"))
        .values("count")
    )
    Inbox.objects.filter(pk__in=select_ids(user_ids)).update(
        unread=Coalesce(Subquery(unread), 0), touched_at=at
    )


def read_unread(*, user_ids: Collection[int]) -> dict[int, int]:
    """Return how much is unread, by user id; 0 of people who were never told anything.

    One statement, cheap enough to ask often.
    """
    rows = Inbox.objects.filter(pk__in=select_ids(user_ids)).values_list("pk", "unread")
    return dict.fromkeys(user_ids, 0) | dict(rows)
