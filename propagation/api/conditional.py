"""ETags of everything that is read, and 304 for what a client has already (RFC 9110, 13.1.2)."""

import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from propagation.api.problem import Problem

KEPT = ("ETag", "Cache-Control", "Vary", "Link")
"""What a 304 repeats of the answer that it stands for."""

GetResponse = Callable[[HttpRequest], HttpResponse]


class EntityTagMiddleware:
    """Gives each JSON answer to a GET below /api/ an ETag of its very bytes.

    An answer about a version has a tag already, the one that If-Match takes; the hash is added to
    it, because such an answer also says what is not in the version. Django's own middleware would
    judge If-Match on a GET as well, and answer what is no problem+json.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the answer with its tag, or a 304."""
        response = self.get_response(request)
        if not _is_tagged(request, response):
            return response
        tag = make_tag(response.content, response.get("ETag"))
        response["ETag"] = tag
        # What one may see depends on who asks, and a cache must ask again each time.
        patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ["Authorization", "Cookie"])
        if not matches(request.headers.get("If-None-Match", ""), tag):
            return response
        unchanged = HttpResponseNotModified()
        for header in KEPT:
            if header in response:
                unchanged[header] = response[header]
        return unchanged


def make_tag(content: bytes, token: str | None = None) -> str:
    """Return the tag of these bytes; token: the tag of the version that they are about."""
    digest = hashlib.sha256(content).hexdigest()[:16]
    return f'{token[:-1]};{digest}"' if token else f'W/"{digest}"'


class GuardedView(APIView):
    """A view whose methods in `guarded` are done only for who says what they have read."""

    guarded: ClassVar[tuple[str, ...]] = ()

    def initial(self, request: Request, *args: Any, **ids: Any) -> None:  # noqa: ANN401 (DRF's)
        """Let in who may come in; a 428 problem for a write without If-Match."""
        super().initial(request, *args, **ids)
        if request.method in self.guarded:
            demand_match(request)


def demand_match(request: Request) -> None:
    """Raise a 428 problem for a request without If-Match."""
    if "If-Match" not in request.headers:
        detail = "Send If-Match with the ETag that you read, or * for whatever is there now."
        raise Problem(HTTPStatus.PRECONDITION_REQUIRED, "precondition-required", detail)


def check_unmoved(request: Request, shown: dict[str, Any] | None) -> None:
    """Raise a 412 problem when If-Match names another state than what a GET would show now.

    A 400 problem when it is no ETag at all. shown: None for what is not there. The caller holds
    the lock under which that is changed.
    """
    header = request.headers.get("If-Match")
    if header is None:
        return
    if not parse_etags(header):
        detail = "If-Match must be the ETag that you read, quotes and all, or *."
        raise Problem(HTTPStatus.BAD_REQUEST, "bad-etag", detail)
    tag = make_tag(JSONRenderer().render(shown)) if shown is not None else None
    if tag is None or not matches(header, tag):
        raise Problem(
            HTTPStatus.PRECONDITION_FAILED,
            "version-conflict",
            "It was changed since you read it; read it again.",
            headers={"ETag": tag} if tag else None,
        )


def _is_tagged(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        request.method in ("GET", "HEAD")
        and request.path.startswith("/api/")
        and response.status_code == HTTPStatus.OK
        and not response.streaming
    )


def matches(header: str, tag: str) -> bool:
    """Tell whether If-None-Match names the tag; weakly, as RFC 9110 has it."""
    given = parse_etags(header)
    return given == ["*"] or tag.removeprefix("W/") in (one.removeprefix("W/") for one in given)
