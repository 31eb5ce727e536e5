"""How many requests there were, and how long they took."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import Histogram

from propagation.api.routes import name_method, name_route

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""The last ones are of those who wait for something: events, or the end of a run."""
REQUESTS = Histogram(
    "continuity_http_request_seconds",
    "Seconds until a request was answered, by method, route and class of status (2xx, 4xx, …).",
    ["method", "route", "status"],
    buckets=BUCKETS_S,
)


class MeasureMiddleware:
    """Counts requests of this process by method, route and class of status, and times them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the answer; of one that is streamed, the time until it begins counts."""
        started = time.perf_counter()
        response = self.get_response(request)
        REQUESTS.labels(
            method=name_method(request),
            route=name_route(request),
            status=f"{response.status_code // 100}xx",
        ).observe(time.perf_counter() - started)
        return response
