"""Bearer tokens, and for what each is."""

from django.contrib.auth.models import User
from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from structlog.contextvars import bind_contextvars

from propagation.models import AccessToken
from propagation.services.access_tokens import find_open, note_use, open_token


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]
    """Knox's tokens, looked up by their SHA-512: how long that takes says nothing of a token."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, AccessToken]:
        """Return user and token, the user confined as the token is; AuthenticationFailed."""
        at = timezone.now()
        try:
            digest = hash_token(token.decode())
        except UnicodeDecodeError as error:  # not even text: a wrong token, not a fault
            raise AuthenticationFailed from error
        found = find_open(digest=digest, at=at)
        if found is None or not found.user.is_active:
            raise AuthenticationFailed
        note_use(token=found, at=at)
        bind_contextvars(user_id=found.user.pk)  # to log lines, and to tasks that are sent
        return open_token(token=found), found


def find_token(request: Request) -> AccessToken | None:
    """Return the token of the request; None for who is signed in by a session."""
    return request.auth if isinstance(request.auth, AccessToken) else None
