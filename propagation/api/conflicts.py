"""Conflicts: list them, decide about them, and the answer to an edit that met one."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.services.lookup import find_project
from propagation.api.answers import answer_started, describe_started
from propagation.api.codes import read_named
from propagation.api.paging import ListView, PageQuery
from propagation.api.problems import CONTENT_TYPE, make_problem
from propagation.api.shapes import runs as shapes
from propagation.api.strict import (
    CodeField,
    JsonObjectField,
    NoQuery,
    StrictSerializer,
    VersionField,
    get_actor,
    read_body,
    read_query,
)
from propagation.api.work import Started, WorkView, finish
from propagation.models import Conflict, ConflictStatus, ConflictType
from propagation.services.describe_conflict import describe_conflict, describe_finding
from propagation.services.resolve_conflict import (
    Decision,
    Resolution,
    dismiss_conflict,
    find_conflict,
    find_conflicts,
    resolve_conflict,
    withdraw_edit,
)

MAX_CHOICES = 1000


class ConflictsQuery(PageQuery):
    """Parameters of the list of conflicts."""

    status = serializers.ChoiceField([*ConflictStatus.values, "all"], default="open")
    type = serializers.ChoiceField(ConflictType.choices, default=None)
    asset_id = CodeField(default=None)


class ChoicesField(JsonObjectField):
    """Per field a side (`"yours"`), a value (`{"value": …}`), or null for no choice."""

    default_error_messages = {
        "too_many": f"At most {MAX_CHOICES} fields can be chosen for at once.",
        "not_a_choice": "{field}: name a side, give {{'value': …}}, or null.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:  # noqa: ANN401 (any JSON value)
        """Return the choices, sides as {"take": side}."""
        given = super().to_internal_value(data)
        if len(given) > MAX_CHOICES:
            self.fail("too_many")
        return {field: self._read(field, choice) for field, choice in given.items()}

    def _read(self, field: str, choice: Any) -> dict[str, Any] | None:  # noqa: ANN401
        if isinstance(choice, str):
            return {"take": choice}
        if choice is not None and not isinstance(choice, dict):
            self.fail("not_a_choice", field=field)
        return choice


class ResolutionBody(StrictSerializer):
    """What to choose, and whether to go on whatever stands in the way."""

    choices = ChoicesField(default=dict)
    their_version = VersionField(default=None)
    proceed = serializers.BooleanField(default=False)
    note = serializers.CharField(default="", allow_blank=True, max_length=2000)


class ReasonBody(StrictSerializer):
    """Why."""

    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)


class ConflictsView(ListView):
    """The conflicts of a project."""

    row = shapes.Conflict

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of them, newest first; those that are open unless `status` says more."""
        wanted = read_query(ConflictsQuery, request)
        project = find_project(code=project_id, user=request.user)
        rows = find_conflicts(user=request.user).filter(project=project)
        if wanted["status"] != "all":
            rows = rows.filter(status=wanted["status"])
        if wanted["type"] is not None:
            rows = rows.filter(type=wanted["type"])
        if wanted["asset_id"] is not None:
            code = wanted["asset_id"].removeprefix(f"{project.code}:")
            rows = rows.filter(entity__code=code)
        return self.answer_page(rows, describe_conflict, wanted=wanted, is_descending=True)


class ConflictView(APIView):
    """One conflict."""

    def get(self, request: Request, conflict_id: int) -> Response:
        """Answer it."""
        read_query(NoQuery, request)
        return Response(describe_conflict(find_conflict(pk=conflict_id, user=request.user)))


class ResolutionView(APIView):
    """How a conflict is resolved."""

    def put(self, request: Request, conflict_id: int) -> Response:
        """202 with the run of what was written, 200 when that is nothing or more has to be chosen.

        409 when something else happened meanwhile: choices stay.
        """
        read_query(NoQuery, request)
        body = read_body(ResolutionBody, request)
        conflict = find_conflict(pk=conflict_id, user=request.user)
        theirs = body["their_version"]
        if theirs is not None:
            theirs = read_named(theirs, code=conflict.entity.code, member="their_version")
        resolution = resolve_conflict(
            pk=conflict_id,
            decision=Decision(
                choices=body["choices"],
                proceeds=body["proceed"],
                note=body["note"],
                theirs=theirs,
            ),
            actor=get_actor(request),
            at=timezone.now(),
        )
        if resolution.is_overtaken:
            return answer_conflicts(request, [resolution.conflict])
        runs = resolution.outcome.runs if resolution.outcome else []
        return finish(request, Started(runs=runs, describe=lambda: _answer(resolution)))


class LeaveOutView(WorkView):
    """Dismiss a conflict, or withdraw the edit that met it."""

    withdraws = False

    def work(self, request: Request, conflict_id: int) -> Response:
        """Answer the conflict as it stands then."""
        read_query(NoQuery, request)
        body = read_body(ReasonBody, request)
        find_conflict(pk=conflict_id, user=request.user)
        leave_out = withdraw_edit if self.withdraws else dismiss_conflict
        left = leave_out(
            pk=conflict_id, reason=body["reason"], actor=get_actor(request), at=timezone.now()
        )
        return Response(describe_conflict(left))


def answer_conflicts(request: Request, conflicts: Sequence[Conflict]) -> Response:
    """Answer 409 for an edit that met something that a person has to decide about.

    In the shape of STORY-089; a cycle is the problem that it has always been, with these members.
    """
    first = conflicts[0]
    body = {
        "requires_intervention": True,
        **name_conflicts(conflicts),
        "conflict_url": f"/api/v1/conflicts/{first.pk}",
    }
    if first.cause != "cycle":
        return Response({"status": "conflict", **body}, status=HTTPStatus.CONFLICT)
    problem = make_problem(
        request,
        status=HTTPStatus.CONFLICT,
        code="dependency-cycle",
        detail=first.description,
    )
    answer = {**problem, **body, "cycle": first.detail["cycle"]}
    return Response(answer, status=HTTPStatus.CONFLICT, content_type=CONTENT_TYPE)


def name_conflicts(conflicts: Sequence[Conflict]) -> dict[str, Any]:
    """Return what an edit met, and where that is decided."""
    first = conflicts[0]
    return {
        "conflict_id": first.pk,
        "conflicts": [describe_finding(one) for one in conflicts],
        "resolve_url": f"/api/v1/conflicts/{first.pk}/resolution",
    }


def _answer(resolution: Resolution) -> Response:
    conflict = describe_conflict(resolution.conflict)
    outcome = resolution.outcome
    if outcome is None:
        return Response({"status": "open", "conflict": conflict})
    body = {**describe_started(outcome), "version": conflict["version"], "conflict": conflict}
    return answer_started(outcome.run, body)
