"""Whoever was let in, and by what."""

from dataclasses import dataclass

from django.contrib.auth.models import User


@dataclass(frozen=True, kw_only=True)
class Guest:
    """Somebody who is connected: signed in by a session, or with a ticket of a token.

    auth_hash: changes with the password, which ends the sessions of before. may_write: whether
    the token is for more than to read, if it is one.
    """

    user: User
    session_key: str | None = None
    auth_hash: str | None = None
    token_digest: str | None = None
    may_write: bool = True
