"""Views that start work: safe to send twice, and to wait for."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError, transaction
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from propagation.api.answers import wait_if_preferred
from propagation.api.problem import Problem
from propagation.api.strict import get_actor
from propagation.models import IdempotencyKey, PropagationRun

KEY_HEADER = "Idempotency-Key"
KEPT_HEADERS = ("ETag", "Location", "Retry-After")


@dataclass(frozen=True, kw_only=True)
class Started:
    """What a request started, and how to answer it, now or when the runs have gone on."""

    runs: Sequence[PropagationRun]
    describe: Callable[[], Response]


def finish(request: Request, started: Response | Started) -> Response:
    """Answer, once the runs are over where `Prefer: wait=N` (RFC 7240) asks for that.

    `queued` is `delayed` where the broker does not answer: the work is kept, and starts later.
    """
    if isinstance(started, Response):
        return started
    waited = [wait_if_preferred(request, run) for run in started.runs]
    response = started.describe()
    if any(run.is_delayed for run in started.runs):
        response.data["queued"] = "delayed"
    if any(waited):
        response["Preference-Applied"] = "wait"
    return response


class WorkView(APIView):
    """A view whose POST is done once per Idempotency-Key, however often it is sent.

    The key is written in the transaction that starts the work, so there is no moment at which one
    is there without the other, and requests that come at the same time wait for the first. A
    request that is refused leaves no key. A key belongs to a user and a path, and is kept a day.
    """

    def post(self, request: Request, **ids: object) -> Response:
        """Do the work, or answer what it was answered when it was done."""
        key = _read_key(request)
        if key is None:
            return finish(request, self.work(request, **ids))
        with transaction.atomic():
            kept, is_new = _claim(request, key)
            if not is_new:
                return _answer_again(request, kept)
            started = self.work(request, **ids)
            response = started if isinstance(started, Response) else started.describe()
            kept.status = response.status_code
            kept.answer = json.loads(JSONRenderer().render(response.data))
            kept.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
            if response.content_type:
                kept.headers["Content-Type"] = response.content_type
            kept.save(update_fields=["status", "answer", "headers"])
        return finish(request, started)

    def work(self, *args: Any, **ids: Any) -> Response | Started:  # noqa: ANN401 (of the route)
        """Do what the request asks for: request, and the ids in its path."""
        raise NotImplementedError


def _read_key(request: Request) -> str | None:
    key: str | None = request.headers.get(KEY_HEADER)
    if key is not None and not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        detail = f"{KEY_HEADER} must be 1 to 255 printable ASCII characters without spaces."
        raise Problem(HTTPStatus.BAD_REQUEST, "idempotency-key-invalid", detail)
    return key


def _claim(request: Request, key: str) -> tuple[IdempotencyKey, bool]:
    """Return the key's row and whether it is new; waits for a request that has it in hand."""
    user = get_actor(request)
    try:
        return IdempotencyKey.objects.get_or_create(
            scope=_hash(f"{user.pk} {key} {request.path}".encode()),
            defaults={
                "user": user,
                "fingerprint": _fingerprint(request),
                "created_at": timezone.now(),
            },
        )
    except OperationalError as error:
        detail = "The first request with this key is still being worked on; ask again."
        headers = {"Retry-After": "1"}
        raise Problem(
            HTTPStatus.CONFLICT, "idempotency-in-progress", detail, headers=headers
        ) from error


def _answer_again(request: Request, kept: IdempotencyKey) -> Response:
    if kept.fingerprint != _fingerprint(request):
        detail = f"This {KEY_HEADER} was used for another request; take a new one."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-key-reused", detail)
    headers = dict(kept.headers)
    response = Response(
        kept.answer, status=kept.status, content_type=headers.pop("Content-Type", None)
    )
    for name, value in headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response


def _fingerprint(request: Request) -> str:
    """Return what tells requests apart: the query and the body, byte by byte."""
    query = request.META.get("QUERY_STRING", "")
    try:
        return _hash(query.encode() + b"\0" + request.body)
    except RequestDataTooBig as error:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload-too-large", str(error)
        ) from error


def _hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
