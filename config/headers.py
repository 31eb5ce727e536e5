"""Headers that tell browsers what pages of ours never need."""

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

HEADERS = {
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class HeadersMiddleware(MiddlewareMixin):
    """Adds them to every answer that does not say otherwise; Django's own are in the settings."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Return the answer with them."""
        del request
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
