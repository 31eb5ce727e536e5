"""Every route asks who one is, what the token is for and how often, or is listed here."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import AllowAny, IsAuthenticated

from propagation.api.authentication import BearerAuthentication
from propagation.api.permissions import TokenIsForIt
from propagation.api.throttling import RateLimit

Route = tuple[str, Callable[..., Any]]
OPEN = {
    "": "leads to the admin, which asks for a password",
    "api/v1/openapi.json": "what the API looks like says nothing of what is in it",
    "api/v1/docs": "as openapi.json",
    "api/v1/redoc": "as openapi.json",
    "health/live": "whoever watches the process has no account",
    "health/ready": "as health/live; it names what is missing, and no more",
}
"""Routes that ask for nothing, and why; those of the admin ask by themselves, which
test_authentication.py tries one by one."""


def list_routes(resolver: URLResolver, prefix: str = "") -> Iterator[Route]:
    """Yield all routes, but for those of the admin."""
    for entry in resolver.url_patterns:
        path = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLPattern):
            yield path, entry.callback
        elif entry.app_name != "admin" and not str(entry.pattern).startswith("admin/"):
            yield from list_routes(entry, path)


ROUTES = dict(list_routes(get_resolver()))


def test_what_asks_for_nothing_is_listed() -> None:
    assert {path for path, view in ROUTES.items() if not hasattr(view, "cls")} == OPEN.keys()


@pytest.mark.parametrize("path", sorted(ROUTES.keys() - OPEN.keys()))
def test_a_view_of_the_api_asks_who_what_for_and_how_often(path: str) -> None:
    view = ROUTES[path].cls  # type: ignore[attr-defined]
    assert AllowAny not in view.permission_classes
    assert set(view.permission_classes) >= {IsAuthenticated, TokenIsForIt}
    assert BearerAuthentication in view.authentication_classes
    assert view.throttle_classes == [RateLimit]
