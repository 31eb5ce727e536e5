"""Tickets to the WebSocket: give one, and take it once."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from propagation.models import Scope, SocketTicket
from propagation.services.access_tokens import find_open, open_token
from versions.canonical import hash_text

LIFE_S = 60


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What lets its holder connect once until it expires."""

    text: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Whose ticket it is; token_digest: of the token that it was given for, if for one.

    The user is confined as that token is; may_write: whether it is for more than to read.
    """

    user: User
    token_digest: str | None = None
    may_write: bool = True


@transaction.atomic
def issue_ticket(*, user: User, at: datetime, token_digest: str = "") -> Ticket:
    """Return a new ticket of the user's; those that are over are deleted.

    What it opens lasts no longer than the token.
    """
    SocketTicket.objects.filter(expires_at__lte=at).delete()
    ticket = Ticket(
        text=f"wst_{secrets.token_urlsafe(32)}", expires_at=at + timedelta(seconds=LIFE_S)
    )
    SocketTicket.objects.create(
        digest=hash_text(ticket.text),
        user=user,
        token_digest=token_digest,
        expires_at=ticket.expires_at,
    )
    return ticket


def redeem_ticket(*, text: str, at: datetime) -> Holder | None:
    """Return whose ticket it is, and let nobody use it again; None for one that is none."""
    ticket = SocketTicket.objects.filter(digest=hash_text(text), expires_at__gt=at)
    found = ticket.select_related("user").first()
    if found is None or not found.user.is_active:
        return None
    deleted, _ = ticket.delete()  # of two who use it at once, one does delete it
    if not deleted:
        return None
    return _read_holder(found, at) if found.token_digest else Holder(user=found.user)


def _read_holder(ticket: SocketTicket, at: datetime) -> Holder | None:
    """Return whose ticket it is; None when the token that it was given for is over."""
    token = find_open(digest=ticket.token_digest, at=at)
    if token is None:
        return None
    return Holder(
        user=open_token(token=token),
        token_digest=token.digest,
        may_write=Scope(token.scope).includes(Scope.WRITE),
    )
