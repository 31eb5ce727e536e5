"""How a person wants to be told: mail for each notification, one a day, or none."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from propagation.models import Mail, NoticePreference, Notification
from propagation.notices.due import find_due
from propagation.notices.inbox import lock_inboxes


def find_preference(*, user: User) -> NoticePreference:
    """Return the person's preference; the defaults, in no row, of somebody who never said."""
    found = NoticePreference.objects.filter(user=user).first()
    return found or NoticePreference(user=user)


@transaction.atomic
def save_preference(
    *, user: User, at: datetime, mail: Mail | None = None, digest_hour: int | None = None
) -> NoticePreference:
    """Keep what is named of the preference; mail that is due already goes by it too.

    digest_hour: 0 to 23, UTC.
    """
    lock_inboxes(user_ids=[user.pk], at=at)  # whoever makes or sends mail for them holds it
    row = find_preference(user=user)
    row.mail = mail or row.mail
    row.digest_hour = row.digest_hour if digest_hour is None else digest_hour
    row.save()
    due = find_due(mail=Mail(row.mail), digest_hour=row.digest_hour, at=at)
    waiting = Notification.objects.filter(user=user, mail_due_at__isnull=False)
    if due is not None:
        waiting = waiting.filter(mail_attempts=0)  # the others are on their way, or tried again
    waiting.update(mail_due_at=due)
    return row
