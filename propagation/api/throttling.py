"""How much somebody may ask for in a minute; who it is, is a token, a user, or an address.

Loaded before the views of the framework, so it imports none.
"""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from propagation.api.addresses import find_network
from propagation.api.authentication import find_token
from propagation.api.problem import Problem
from propagation.live.rates import WINDOW_S, Count, count_request

STARTS = frozenset(
    {
        "propagate",
        "rollback",
        "batch",
        "best",
        "undo",
        "retry",
        "edges",
        "pins",
        "approve-holds",
        "resolution",
        "entity",
        "references",
        "import",
    }
)
"""Routes whose writes start runs."""
HEADERS = "rate_headers"


class RateLimit(BaseThrottle):
    """Refuses what is too much with a 429 problem; without Redis nothing is refused."""

    def allow_request(self, request: Request, view: object) -> bool:
        """Count the request and return True, or raise the problem."""
        del view
        name = _name_class(request)
        count_or_refuse(request._request, name, _name_caller(request))  # noqa: SLF001
        return True


class RateLimitMiddleware:
    """Tells clients of the API what is left to them, and keeps passwords from being tried out.

    Axes counts failures of one account from one address; somebody who tries one password with many
    accounts is limited here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the answer with what was counted."""
        if request.method == "POST" and request.path == reverse("admin:login"):
            try:
                count_or_refuse(request, "anonymous", find_network(request))
            except Problem as problem:
                return answer_locked_out(request, headers=problem.headers)
        response = self.get_response(request)
        for name, value in getattr(request, HEADERS, {}).items():
            response.headers.setdefault(name, value)
        return response


def find_flood(request: Request) -> Problem | None:
    """Count somebody who is nobody, or says they are somebody else; return what refuses them."""
    try:
        count_or_refuse(request._request, "anonymous", find_network(request))  # noqa: SLF001
    except Problem as problem:
        return problem
    return None


def count_or_refuse(request: HttpRequest, name: str, caller: str) -> None:
    """Count a request of this class; a 429 problem when it is one too many."""
    limit = settings.THROTTLES[name]
    count = count_request(f"{name}:{caller}") if limit else None
    if count is None:
        return
    headers = _write_headers(name, limit, count)
    setattr(request, HEADERS, headers)
    if count.count > limit:
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "rate-limited",
            f"You may send {limit} requests of this kind ({name}) in {WINDOW_S} seconds; "
            f"go on in {count.resets_in_s}.",
            headers={**headers, "Retry-After": str(count.resets_in_s)},
        )


def answer_locked_out(
    request: HttpRequest, *_: object, headers: dict[str, str] | None = None
) -> HttpResponse:
    """Answer somebody who tried to sign in too often: 429, with a page that says so."""
    after = headers or {"Retry-After": str(int(settings.AXES_COOLOFF_TIME.total_seconds()))}
    page = render(
        request,
        "admin/locked_out.html",
        {"minutes": -(-int(after["Retry-After"]) // 60)},
        status=HTTPStatus.TOO_MANY_REQUESTS,
    )
    for name, value in after.items():
        page.headers[name] = value
    return page


def _name_class(request: Request) -> str:
    if not request.user.is_authenticated:
        return "anonymous"
    if request.method in SAFE_METHODS:
        return "reads"
    match = request.resolver_match
    is_start = match is not None and match.url_name in STARTS and "dry_run" not in request.GET
    return "starts" if is_start else "writes"


def _name_caller(request: Request) -> str:
    token = find_token(request)
    if token is not None:
        return token.code
    return f"user-{request.user.pk}" if request.user.is_authenticated else find_network(request)


def _write_headers(name: str, limit: int, count: Count) -> dict[str, str]:
    """Return what says so (draft-ietf-httpapi-ratelimit-headers-10)."""
    left = max(0, limit - count.count)
    return {
        "RateLimit-Policy": f'"{name}";q={limit};w={WINDOW_S}',
        "RateLimit": f'"{name}";r={left};t={count.resets_in_s}',
    }
