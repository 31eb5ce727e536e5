"""Bearer tokens."""

from typing import Any

from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from structlog.contextvars import bind_contextvars


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]
    """Knox's tokens; a header that is not even text is a wrong token, not a fault."""

    def authenticate(self, request: Request) -> Any:  # noqa: ANN401 (knox's signature)
        """Return (user, token), or None without a token; AuthenticationFailed for a wrong one."""
        try:
            found = super().authenticate(request)
        except UnicodeDecodeError as error:
            raise AuthenticationFailed from error
        if found is not None:
            bind_contextvars(user_id=found[0].pk)  # to log lines, and to tasks that are sent
        return found
