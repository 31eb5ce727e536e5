"""What waits for a person: list it, let it go on, or leave it as it is."""

from functools import partial
from http import HTTPStatus
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assets.services.lookup import find_project
from propagation.api.answers import answer_started
from propagation.api.paging import ListView, PageQuery
from propagation.api.problem import Problem
from propagation.api.runs import MAX_RUN_ID
from propagation.api.shapes import runs as shapes
from propagation.api.strict import NoQuery, StrictSerializer, get_actor, read_body, read_query
from propagation.api.work import Started, WorkView
from propagation.models import PropagationItem
from propagation.services.decide_holds import (
    Decision,
    HoldFilter,
    approve_holds,
    find_holds,
    reject_holds,
)


class HoldsQuery(PageQuery):
    """Which holds to list."""

    rule = serializers.CharField(default=None)
    run = serializers.IntegerField(default=None, min_value=1, max_value=MAX_RUN_ID)


class DecisionBody(StrictSerializer):
    """Which holds are meant, by ids, rule or run, or all of them; and why."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_RUN_ID),
        default=None,
        allow_null=True,
        max_length=10_000,
    )
    rule = serializers.CharField(default=None)
    run = serializers.IntegerField(default=None, min_value=1, max_value=MAX_RUN_ID)
    all = serializers.BooleanField(default=False)
    note = serializers.CharField(default="", allow_blank=True, max_length=2000)


class HoldsView(ListView):
    """What a project's rules keep back."""

    row = shapes.Hold

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of it."""
        wanted = read_query(HoldsQuery, request)
        project = find_project(code=project_id, user=request.user)
        items = find_holds(
            project=project, wanted=HoldFilter(rule=wanted["rule"], run_id=wanted["run"])
        )
        return self.answer_page(items.select_related("entity", "run"), _describe, wanted=wanted)


class DecideView(WorkView):
    """A decision about holds."""

    approves = True

    def work(self, request: Request, project_id: str) -> Started:
        """202 with the run of what goes on, else 200, with how many were decided about."""
        read_query(NoQuery, request)
        body = read_body(DecisionBody, request)
        project = find_project(code=project_id, user=request.user)
        decide = approve_holds if self.approves else reject_holds
        decision = decide(
            project=project,
            wanted=_read_filter(body),
            note=body["note"],
            actor=get_actor(request),
            at=timezone.now(),
        )
        runs = [decision.run] if decision.run else []
        return Started(runs=runs, describe=partial(_answer_decision, decision))


def _answer_decision(decision: Decision) -> Response:
    run = decision.run
    body = {
        "decided": decision.decided,
        "run_id": run.pk if run else None,
        "affected_entities": run.total if run else 0,
    }
    return answer_started(run, body)


def _read_filter(body: dict[str, Any]) -> HoldFilter:
    """Return which holds are meant; nothing named is no way to say all."""
    named = [body[name] is not None for name in ("ids", "rule", "run")]
    if any(named) == body["all"]:
        detail = "Name the holds by ids, rule or run, or say all."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "validation-error", detail)
    return HoldFilter(ids=body["ids"], rule=body["rule"], run_id=body["run"])


def _describe(item: PropagationItem) -> dict[str, Any]:
    return {
        "id": item.pk,
        "asset_id": item.entity.code,
        "type": item.entity.type,
        "run_id": item.run_id,
        "rule": item.rule,
        "reason": item.reason,
        "since": item.run.created_at,
    }
