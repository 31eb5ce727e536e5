"""Send the mail that is due: one per person, of all that is unread and due for them.

Nothing is locked while a mail is on its way. Whoever sends claims the rows first, by moving their
time on; so each mail is sent once, unless its sender died before it could say so: then it is sent
once more when the claim is over.
"""

import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import main_thread
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Min

from assets.models import Project
from assets.setwise import select_ids, update_rows
from propagation.models import Notification, Reason
from propagation.notices.due import MOST_ATTEMPTS, find_retry
from propagation.notices.inbox import lock_inboxes
from propagation.notices.letter import Item, Letter, write_letter
from propagation.notices.wording import say_what, say_why

logger = logging.getLogger(__name__)

ROUND_S = 20.0
"""A round that takes longer, because the mail server is slow, leaves the rest to the next."""
CLAIMED = timedelta(minutes=5)
"""Longer than any mail server keeps its client waiting (settings.EMAIL_TIMEOUT per answer)."""
MOST_PEOPLE = 100
MOST_SHOWN = 50


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Notifications of one person that this process mails now; until: by which it is known.

    message_id: the same for the same news, so that who gets them twice is shown them once.
    """

    user_id: int
    address: str
    ids: Sequence[int]
    letter: Letter
    message_id: str
    until: datetime


def has_mail(*, at: datetime) -> bool:
    """Tell whether anything is to be mailed; one small statement."""
    return Notification.objects.filter(mail_due_at__lte=at).exists()


def send_mail(*, at: datetime) -> int:
    """Send what is due, person by person, those who wait longest first; return how many mails.

    One that cannot be sent is tried again after 1, 2, 4 … minutes, at most 6 hours, 10 times in
    all; the others do not wait for it.
    """
    began, sent = time.monotonic(), 0
    backend = mail.get_connection()
    try:
        for user_id in _find_people(at):
            if time.monotonic() - began > ROUND_S or not main_thread().is_alive():
                break
            claim = _claim(user_id, at)
            if claim is not None:
                sent += _send(claim, backend, at)
    finally:
        backend.close()
    return sent


def _find_people(at: datetime) -> list[int]:
    due = Notification.objects.filter(mail_due_at__lte=at).order_by().values_list("user_id")
    people = due.annotate(since=Min("mail_due_at")).order_by("since", "user_id")
    return [user_id for user_id, _ in people[:MOST_PEOPLE]]


@transaction.atomic
def _claim(user_id: int, at: datetime) -> Claim | None:
    """Take what is due for the person; None when there is nothing (any more) to send.

    What was read meanwhile, or may not be seen any more, is not mailed, nor is anything to people
    without an address.
    """
    lock_inboxes(user_ids=[user_id], at=at)
    due = Notification.objects.filter(user=user_id, mail_due_at__lte=at)
    user = User.objects.filter(pk=user_id, is_active=True).exclude(email="").first()
    news: list[tuple[int, datetime]] = []
    if user is not None:
        unread = due.filter(read_at=None, project__in=Project.objects.visible_to(user).values("pk"))
        given_up = unread.filter(mail_attempts__gte=MOST_ATTEMPTS).update(mail_due_at=None)
        if given_up:
            logger.error("mail_given_up user=%s notices=%s", user_id, given_up)
        news = list(unread.order_by("pk").values_list("pk", "updated_at"))
    ids = [pk for pk, _ in news]
    due.exclude(pk__in=select_ids(ids)).update(mail_due_at=None)
    if user is None or not ids:
        return None
    rows = Notification.objects.filter(pk__in=select_ids(ids))
    until = at + CLAIMED
    rows.update(mail_attempts=F("mail_attempts") + 1, mail_due_at=until)
    shown = rows.select_related("project", "entity").order_by("-updated_at", "-pk")[:MOST_SHOWN]
    letter = write_letter(
        items=[_describe(row) for row in shown], total=len(ids), url=settings.PUBLIC_URL
    )
    return Claim(
        user_id=user_id,
        address=user.email,
        ids=ids,
        letter=letter,
        message_id=_name_message(user_id, news),
        until=until,
    )


def _send(claim: Claim, backend: BaseEmailBackend, at: datetime) -> int:
    message = mail.EmailMessage(
        subject=claim.letter.subject,
        body=claim.letter.body,
        to=[claim.address],
        connection=backend,
        headers={
            "Auto-Submitted": "auto-generated",  # RFC 3834: absence notes do not answer it
            "Message-ID": claim.message_id,
        },
    )
    try:
        message.send()
    except Exception as error:  # noqa: BLE001 (whatever it is, the others are sent)
        # Not its text, which may name the address.
        logger.warning("mail_not_sent user=%s error=%s", claim.user_id, type(error).__name__)
        backend.close()
        _put_off(claim, at)
        return 0
    _finish(claim, at)
    return 1


@transaction.atomic
def _finish(claim: Claim, at: datetime) -> None:
    lock_inboxes(user_ids=[claim.user_id], at=at)
    rows = Notification.objects.filter(pk__in=select_ids(claim.ids), mail_due_at=claim.until)
    rows.update(mail_due_at=None, mail_sent_at=at)


@transaction.atomic
def _put_off(claim: Claim, at: datetime) -> None:
    lock_inboxes(user_ids=[claim.user_id], at=at)
    rows = Notification.objects.filter(pk__in=select_ids(claim.ids), mail_due_at=claim.until)
    retries = [
        (pk, find_retry(attempts=attempts, at=at))
        for pk, attempts in rows.values_list("pk", "mail_attempts")
    ]
    update_rows(model=Notification, key="id", columns=["mail_due_at"], rows=retries)
    given_up = sum(retry is None for _, retry in retries)
    if given_up:
        logger.error("mail_given_up user=%s notices=%s", claim.user_id, given_up)


def _describe(row: Notification) -> Item:
    entity, project, reason = row.entity, row.project.code, Reason(row.reason)
    topic = f"project:{project}"
    if reason in (Reason.RUN, Reason.STARTED):
        topic = f"run:{row.run_id}"
    elif entity is not None and reason not in (Reason.APPROVAL, Reason.PROJECT):
        topic = f"{entity.kind}:{project}:{entity.code}"
    return Item(
        project=project,
        what=say_what(row.facts),
        why=say_why(reason=reason, code=entity.code if entity else None, also=row.also),
        note=row.facts["note"],
        run_id=row.run_id,
        conflict_id=row.conflict_id,
        topic=topic,
    )


def _name_message(user_id: int, news: Sequence[tuple[int, datetime]]) -> str:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    said = f"{user_id} {[(pk, told.isoformat()) for pk, told in news]}"
    return f"<{hashlib.sha256(said.encode()).hexdigest()[:32]}@{host}>"
