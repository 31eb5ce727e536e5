"""What a token is for, and who sees what belongs to no project: for all views in one place.

Loaded before the views of the framework, so it imports none.
"""

from http import HTTPStatus

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from assets.services.access import is_house_staff
from propagation.api.authentication import find_token
from propagation.api.problem import Problem
from propagation.api.strict import get_actor
from propagation.models import Scope

WEBHOOKS = frozenset(
    {
        "webhooks",
        "webhook",
        "rotate-webhook",
        "test-webhook",
        "deliveries",
        "delivery",
        "replay-delivery",
    }
)
"""Routes of webhooks: whoever reads where one leads may write there."""
STEERS_THE_PROJECT = frozenset({"settings", "rule", "member", "projects", "import"})
"""Routes whose writes say how a project is worked on, and by whom."""
ONLY_READS = frozenset({"simulate", "ws-tickets"})
"""Routes whose POST changes nothing."""
CAN_PREVIEW = frozenset({"propagate", "rollback", "batch", "best", "undo", "entity", "import"})
"""Routes that change nothing with ?dry_run=true."""


class TokenIsForIt(BasePermission):
    """Lets a token do what is within its scope; a session has no scope, only its user's roles."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Tell so; a 403 problem that names the scope (RFC 6750, 3.1) otherwise."""
        del view
        token, needed = find_token(request), find_needed_scope(request)
        if token is None or Scope(token.scope).includes(needed):
            return True
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "insufficient-scope",
            f"This needs a token of the scope {needed.value!r}; this one has {token.scope!r}.",
            headers={
                "WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{needed.value}"'
            },
        )


class IsHouseStaff(BasePermission):
    """Lets staff see what belongs to no project; not with a token that is for some projects."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Tell so."""
        del view
        return is_house_staff(get_actor(request))


def find_needed_scope(request: Request) -> Scope:
    """Return the scope that the request needs; a route that nobody thought of: by its method."""
    match = request.resolver_match
    route = match.url_name if match else None
    if route in WEBHOOKS:
        return Scope.ADMIN
    if request.method in SAFE_METHODS or route in ONLY_READS:
        return Scope.READ
    if route in CAN_PREVIEW and request.query_params.getlist("dry_run") == ["true"]:
        return Scope.READ
    return Scope.ADMIN if route in STEERS_THE_PROJECT else Scope.WRITE
