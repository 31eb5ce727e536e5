"""The rules of a project: list, write, and try them on a change."""

import re
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Project
from assets.services.locking import lock_project
from assets.services.lookup import find_project, find_within
from propagation.api.conditional import check_unmoved, demand_match
from propagation.api.previews import answer_preview
from propagation.api.problem import Problem
from propagation.api.runs import MAX_RUN_ID, find_run
from propagation.api.strict import (
    CodeField,
    JsonObjectField,
    NoQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.exceptions import RuleNotFoundError, RunNotFoundError
from propagation.execution.cause import Cause
from propagation.models import PropagationRule, PropagationRun, RuleAction, RunKind
from propagation.planning.impact import Impact
from propagation.rules.rule import BUILT_IN, SETS, Rule, TargetStatus
from propagation.rules.validate import NAME_PATTERN
from propagation.services.describe_preview import describe_impact, describe_items
from propagation.services.edit_rules import delete_rule, find_rule, save_rule
from propagation.services.examine_changes import Change
from propagation.services.plans import preview_again
from propagation.services.propagate_change import preview_changes
from versions.models import FacetName

LANES = ["", "realtime", "batch", "background"]


def _make_words(**options: Any) -> serializers.ListField:  # noqa: ANN401 (DRF's options)
    child = options.pop("child", None) or serializers.CharField(max_length=255)
    return serializers.ListField(child=child, required=False, max_length=100, **options)


class RuleBody(StrictSerializer):
    """What to say about a rule; what is left out stays as it is, or is empty in a new one."""

    position = serializers.IntegerField(required=False, min_value=-(2**31), max_value=2**31 - 1)
    is_enabled = serializers.BooleanField(required=False)
    action = serializers.ChoiceField(RuleAction.choices, required=False)
    lane = serializers.ChoiceField(LANES, required=False)
    source_types = _make_words()
    target_types = _make_words()
    roles = _make_words()
    facets = _make_words(child=serializers.ChoiceField(FacetName.choices))
    fields = _make_words()  # type: ignore[assignment]
    impacts = _make_words(child=serializers.ChoiceField([one.value for one in Impact]))
    target_statuses = _make_words(
        child=serializers.ChoiceField([one.value for one in TargetStatus])
    )
    expression = serializers.CharField(required=False, allow_blank=True, max_length=1000)


class SimulateBody(StrictSerializer):
    """A change that somebody proposes, or a run whose change is judged again."""

    asset_id = CodeField(default=None)
    change_data = JsonObjectField(default=None, allow_null=True)
    run_id = serializers.IntegerField(default=None, min_value=1, max_value=MAX_RUN_ID)


class RulesView(APIView):
    """The rules of a project in their order, the built-in ones last."""

    def get(self, request: Request, project_id: str) -> Response:
        """Answer all of them; there are few."""
        read_query(NoQuery, request)
        project = find_project(code=project_id, user=request.user)
        rows = PropagationRule.objects.filter(project=project).order_by("position", "pk")
        return Response(
            {"data": [_describe(row) for row in rows], "built_in": list(map(_say, BUILT_IN))}
        )


class RuleView(APIView):
    """One rule."""

    def get(self, request: Request, project_id: str, name: str) -> Response:
        """Answer it."""
        read_query(NoQuery, request)
        project = find_project(code=project_id, user=request.user)
        return Response(_describe(find_rule(project=project, name=name)))

    def put(self, request: Request, project_id: str, name: str) -> Response:
        """Create it, or change what the body names: 200 with the rule as it is now."""
        read_query(NoQuery, request)
        values = read_body(RuleBody, request)
        project = find_project(code=project_id, user=request.user)
        _check_name(name)
        with transaction.atomic():
            known = _check_if_match(request, project, name)
            if known is None and "action" not in values:
                raise ValidationError({"action": ["A new rule needs one."]})
            row = save_rule(
                project=project,
                name=name,
                values=values,
                actor=get_actor(request),
                at=timezone.now(),
            )
        return Response(_describe(row))

    def delete(self, request: Request, project_id: str, name: str) -> Response:
        """Delete it."""
        read_query(NoQuery, request)
        project = find_project(code=project_id, user=request.user)
        with transaction.atomic():
            find_rule(project=project, name=name)
            _check_if_match(request, project, name)
            delete_rule(project=project, name=name, actor=get_actor(request), at=timezone.now())
        return Response(status=HTTPStatus.NO_CONTENT)


def _check_if_match(request: Request, project: Project, name: str) -> PropagationRule | None:
    """Return the rule, if there is one, locked with its project; 412 when If-Match is another."""
    lock_project(project_id=project.pk)
    row: PropagationRule | None = PropagationRule.objects.filter(project=project, name=name).first()
    if row is not None:
        demand_match(request)
    check_unmoved(request, None if row is None else _describe(row))
    return row


class SimulateView(APIView):
    """What the rules would decide about a change."""

    def post(self, request: Request, project_id: str) -> Response:
        """Answer as a dry run of the change does, with what becomes of each target."""
        read_query(NoQuery, request)
        body = read_body(SimulateBody, request)
        project = find_project(code=project_id, user=request.user)
        is_proposed = body["asset_id"] is not None and body["change_data"] is not None
        if is_proposed == (body["run_id"] is not None):
            detail = "Say asset_id and change_data, or run_id."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "validation-error", detail)
        if not is_proposed:
            return _judge_again(project, find_run(body["run_id"], request))
        (entity,) = find_within(project, [body["asset_id"]], request.user)
        cause = Cause(kind=RunKind.CHANGE, actor=get_actor(request))
        change = Change(entity=entity, data=body["change_data"])
        found = preview_changes(changes=[change], cause=cause, at=timezone.now())
        return answer_preview(
            request, entity=entity, found=found, with_items=True, extra={"project_id": project.code}
        )


def _judge_again(project: Project, run: PropagationRun) -> Response:
    """Answer what the rules of today would decide about the change of a run."""
    if run.project_id != project.pk:
        raise RunNotFoundError(f"No run {run.pk} in {project.code}.")
    found = preview_again(run=run)
    answer = {
        "dry_run": True,
        "project_id": project.code,
        "run_id": run.pk,
        **describe_impact(project=project, found=found),
        "items": describe_items(project=project, found=found),
    }
    return Response(answer)


def _check_name(name: str) -> None:
    """Raise RuleNotFoundError for what cannot be the name of a rule."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise RuleNotFoundError(f"{name!r} is not the name of a rule.")


def _describe(row: PropagationRule) -> dict[str, Any]:
    return {
        "name": row.name,
        "position": row.position,
        "is_enabled": row.is_enabled,
        "action": row.action,
        "lane": row.lane,
        **{name: getattr(row, name) for name in SETS},
        "expression": row.expression,
    }


def _say(rule: Rule) -> dict[str, Any]:
    lists = {name: sorted(getattr(rule.conditions, name)) for name in SETS}
    return {"name": rule.name, "action": rule.action, **lists}
