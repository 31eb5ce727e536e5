"""One log line per request, and what all lines of it have in common: its id, and its user's."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.functional import LazyObject
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import bind_contextvars, clear_contextvars

from propagation.api.request_ids import HEADER, choose_request_id
from propagation.api.routes import name_method, name_route

logger = logging.getLogger(__name__)

UNLOGGED = ("/health/", "/static/")
"""Probes come every few seconds, and what is not well is logged where it is found; files with every
page."""


class RequestLogMiddleware(RequestMiddleware):
    """Gives each request its id, and says at its end what became of it.

    Routes instead of paths, which hold tokens of jobs and plans; no bodies, queries, addresses or
    user agents.
    """

    async_capable = False

    def prepare(self, request: HttpRequest) -> None:
        """Bind the id to the log lines of this request, and to the tasks that it sends."""
        request_id = choose_request_id(request.headers.get(HEADER))
        request.request_id = request_id  # type: ignore[attr-defined]
        request.started_at = time.perf_counter()  # type: ignore[attr-defined]
        clear_contextvars()
        bind_contextvars(request_id=request_id)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: Any,  # noqa: ANN401 (Django's signature)
        kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Bind the user of a session; that of a token is known when the token was read."""
        del view, args, kwargs
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.path.startswith(UNLOGGED):
            return
        try:
            bind_contextvars(user_id=request.user.pk)
        except DatabaseError as error:
            # The view meets the same, and answers as it should be answered.
            logger.warning("session_not_read error=%s", error)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        """Answer the id, and write the line."""
        response[HEADER] = request.request_id  # type: ignore[attr-defined]
        if request.path.startswith(UNLOGGED):
            clear_contextvars()
            return
        started: float = request.started_at  # type: ignore[attr-defined]
        bind_contextvars(duration_ms=round((time.perf_counter() - started) * 1000))
        super().handle_response(request, response)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return method and route."""
        return f"{name_method(request)} {name_route(request)}"

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Bind the user, when the request had to find out who that is; asks no database."""
        user = getattr(request, "user", None)
        is_known = not isinstance(user, LazyObject) or hasattr(request, "_cached_user")
        if user is not None and is_known:
            bind_contextvars(user_id=user.pk)
