"""Which route a request takes: what logs and metrics name, because paths hold ids and tokens."""

from django.http import HttpRequest

NO_ROUTE = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def name_route(request: HttpRequest) -> str:
    """Return the pattern that the path matched; `none` before that, and for what matched none."""
    match = request.resolver_match
    return f"/{match.route}" if match else NO_ROUTE


def name_method(request: HttpRequest) -> str:
    """Return the method; `other` for one that nobody knows, of which there are any number."""
    return request.method if request.method in METHODS else "other"
