"""The OpenAPI document, and two ways to read it in a browser; nothing is fetched from elsewhere."""

from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

DOCUMENT = Path(__file__).with_name("openapi.json")
"""Written by `manage.py openapi`; a test fails when routes and document differ."""
CONTENT_TYPE = "application/vnd.oai.openapi+json; version=3.1"
# Both write styles into the page; Redoc searches in a worker that it makes itself.
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; worker-src 'self' blob:"
)


@cache
def read_document() -> bytes:
    """Return the document as it is stored."""
    return DOCUMENT.read_bytes()


@require_safe
def answer_document(request: HttpRequest) -> HttpResponse:
    """Answer the document; it says nothing of what is in the database."""
    del request
    response = HttpResponse(read_document(), content_type=CONTENT_TYPE)
    patch_cache_control(response, public=True, max_age=300)
    return response


@require_safe
def answer_swagger(request: HttpRequest) -> HttpResponse:
    """Answer the page on which requests can be tried out, as whoever is signed in."""
    return _answer_page(request, "api/swagger.html")


@require_safe
def answer_redoc(request: HttpRequest) -> HttpResponse:
    """Answer the page that is for reading."""
    return _answer_page(request, "api/redoc.html")


def _answer_page(request: HttpRequest, template: str) -> HttpResponse:
    response = render(request, template)
    response["Content-Security-Policy"] = POLICY
    return response
