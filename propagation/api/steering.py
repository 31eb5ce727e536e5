"""POST pause, resume, cancel, retry and skip: steer a run."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import ClassVar, Protocol

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assets.services.lookup import find_within
from propagation.api.answers import describe_run
from propagation.api.runs import find_run
from propagation.api.strict import (
    CodeField,
    NoBody,
    NoQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.api.work import Started, WorkView
from propagation.models import PropagationRun
from propagation.services.steer_run import (
    cancel_run,
    pause_run,
    resume_run,
    retry_run,
    skip_items,
)

MAX_SKIPPED = 10_000


class Steer(Protocol):
    """What moves a run."""

    def __call__(self, *, run_id: int, actor: User | None, at: datetime) -> PropagationRun:
        """Move it and return it."""
        ...


STEERS: dict[str, Steer] = {
    "pause": pause_run,
    "resume": resume_run,
    "cancel": cancel_run,
    "retry": retry_run,
}


class SkipBody(StrictSerializer):
    """The targets to leave out."""

    ids = serializers.ListField(child=CodeField(), allow_empty=False, max_length=MAX_SKIPPED)


class SteerView(WorkView):
    """One way to steer a run."""

    how: ClassVar[str] = ""

    def work(self, request: Request, run_id: int) -> Started:
        """202 with the run while it is under way, else 200."""
        read_query(NoQuery, request)
        read_body(NoBody, request)
        found = find_run(run_id, request)
        steer: Callable[..., PropagationRun] = STEERS[self.how]
        run = steer(run_id=found.pk, actor=get_actor(request), at=timezone.now())
        return Started(runs=[run], describe=partial(_answer_run, run))


def _answer_run(run: PropagationRun) -> Response:
    response = Response(describe_run(run), status=202 if run.is_active else 200)
    response["Location"] = f"/api/v1/runs/{run.pk}"
    return response


class SkipView(WorkView):
    """What a run leaves out."""

    def work(self, request: Request, run_id: int) -> Response:
        """200 with how many are left out, and how many could not be any more."""
        read_query(NoQuery, request)
        body = read_body(SkipBody, request)
        found = find_run(run_id, request)
        entities = find_within(found.project, body["ids"], request.user)
        outcome = skip_items(
            run_id=found.pk,
            entity_ids=[entity.pk for entity in entities],
            actor=get_actor(request),
            at=timezone.now(),
        )
        return Response({"skipped": outcome.skipped, "too_late": outcome.too_late})
