"""Bearer tokens."""

from typing import Any

from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]
    """Knox's tokens; a header that is not even text is a wrong token, not a fault."""

    def authenticate(self, request: Request) -> Any:  # noqa: ANN401 (knox's signature)
        """Return (user, token), or None without a token; AuthenticationFailed for a wrong one."""
        try:
            return super().authenticate(request)
        except UnicodeDecodeError as error:
            raise AuthenticationFailed from error
