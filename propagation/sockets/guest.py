"""Whoever was let in, and by what."""

from dataclasses import dataclass

from django.contrib.auth.models import User


@dataclass(frozen=True, kw_only=True)
class Guest:
    """Somebody who is connected: signed in by a session, or with a ticket of a token.

    auth_hash: changes with the password, which ends the sessions of before.
    """

    user: User
    session_key: str | None = None
    auth_hash: str | None = None
    token_digest: str | None = None
