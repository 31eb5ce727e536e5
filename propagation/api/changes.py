"""POST propagate, rollback and batch: what people change."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assets.models import Entity, Project
from assets.services.lookup import find_entity, find_within
from propagation.api.answers import answer_change, answer_started, prefers_strict
from propagation.api.codes import read_base, read_if_match, read_number
from propagation.api.conflicts import answer_conflicts, name_conflicts
from propagation.api.describing import describe_version
from propagation.api.plans import read_plan
from propagation.api.previews import answer_preview
from propagation.api.problem import Problem
from propagation.api.strict import (
    CodeField,
    DryRunQuery,
    JsonObjectField,
    StrictSerializer,
    VersionField,
    get_actor,
    read_body,
    read_query,
)
from propagation.api.work import Started, WorkView
from propagation.exceptions import InvalidChangeError
from propagation.execution.cause import Cause
from propagation.models import PropagationRun, RunKind, RunMode
from propagation.services.change_batch import BatchRequest, ChangeResult, propagate_batch
from propagation.services.change_content import Outcome
from propagation.services.examine_changes import Change
from propagation.services.moved_on import find_moved_on
from propagation.services.propagate_change import preview_changes, propagate_change
from propagation.services.roll_back import RollbackPreview, preview_rollback, roll_back
from versions.naming import write_version_id
from versions.services.resolve import load_version

MAX_BATCH, MAX_EXCLUDED = 500, 5000


class ChangeBody(StrictSerializer):
    """The story's body of propagate; the note is ours."""

    change_data = JsonObjectField()
    propagation_mode = serializers.ChoiceField(RunMode.choices, default=RunMode.AUTO)
    notify_users = serializers.BooleanField(default=True)
    note = serializers.CharField(default="", allow_blank=True, max_length=2000)
    exclude = serializers.ListField(child=CodeField(), default=list, max_length=MAX_EXCLUDED)
    plan_token = serializers.CharField(default=None, max_length=64)
    base_version = VersionField(default=None)


class RollbackBody(StrictSerializer):
    """The story's body of rollback."""

    version_number = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    reason = serializers.CharField(max_length=2000)
    propagation_mode = serializers.ChoiceField(RunMode.choices, default=RunMode.AUTO)
    notify_users = serializers.BooleanField(default=True)
    exclude = serializers.ListField(child=CodeField(), default=list, max_length=MAX_EXCLUDED)
    plan_token = serializers.CharField(default=None, max_length=64)


class BatchEntry(StrictSerializer):
    """One change of a batch."""

    asset_id = serializers.CharField(max_length=400, trim_whitespace=False)
    changes = JsonObjectField()
    base_version = VersionField(default=None)


class BatchBody(StrictSerializer):
    """The story's body of batch; atomic: all or none."""

    asset_changes = serializers.ListField(
        child=BatchEntry(), allow_empty=False, max_length=MAX_BATCH
    )
    atomic = serializers.BooleanField(default=False)
    propagation_mode = serializers.ChoiceField(RunMode.choices, default=RunMode.AUTO)
    notify_users = serializers.BooleanField(default=True)
    note = serializers.CharField(default="", allow_blank=True, max_length=2000)


def _make_cause(
    request: Request, kind: RunKind, body: dict[str, Any], note: str, project: Project | None = None
) -> Cause:
    excluded = find_within(project, body["exclude"], request.user) if project else ()
    return Cause(
        kind=kind,
        actor=get_actor(request),
        note=note,
        mode=RunMode(body["propagation_mode"]),
        notify_users=body["notify_users"],
        excluded=frozenset(entity.pk for entity in excluded),
        shown=read_plan(request, body.get("plan_token")),
    )


class PropagateView(WorkView):
    """Change one entity and bring its dependents up to date.

    If-Match or `base_version` name the version that the change started from: what others published
    since is merged with it. `Prefer: handling=strict` (RFC 7240) refuses it instead.
    """

    def work(self, request: Request, asset_id: str) -> Response | Started:
        """202 with the run, 200 for a dry run or a change of nothing, 409 for a conflict."""
        query, body = read_query(DryRunQuery, request), read_body(ChangeBody, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        return change_entity(
            request,
            entity,
            body["change_data"],
            _make_cause(request, RunKind.CHANGE, body, body["note"], entity.project),
            base_version=body["base_version"],
            with_items=query["items"] if query["dry_run"] else None,
        )


def change_entity(
    request: Request,
    entity: Entity,
    data: dict[str, Any],
    cause: Cause,
    *,
    base_version: Any = None,  # noqa: ANN401 (JSON)
    with_items: bool | None = None,
) -> Response | Started:
    """Change it, and answer the run; with_items: nothing but a dry run, with what becomes of each.

    base_version: as a body says it, besides If-Match.
    """
    change = Change(
        entity=entity,
        data=data,
        base_version=read_base(request, entity, base_version),
        is_exact=prefers_strict(request),
    )
    if with_items is not None:
        found = preview_changes(changes=[change], cause=cause, at=timezone.now())
        return answer_preview(request, entity=entity, found=found, with_items=with_items)
    outcome = propagate_change(change=change, cause=cause, at=timezone.now())
    if outcome.open_conflicts:
        return answer_conflicts(request, outcome.open_conflicts)
    return Started(
        runs=outcome.runs, describe=partial(answer_change, entity=entity, outcome=outcome)
    )


class RollbackView(WorkView):
    """Take an entity back to an earlier version, and its dependents along."""

    def work(self, request: Request, asset_id: str) -> Response | Started:
        """202 with the run, or 200 for a dry run or when that content is current already."""
        query, body = read_query(DryRunQuery, request), read_body(RollbackBody, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        number = body["version_number"]
        base = read_if_match(request.headers.get("If-Match"), entity)
        cause = _make_cause(request, RunKind.ROLLBACK, body, body["reason"], entity.project)
        if query["dry_run"]:
            found = preview_rollback(
                entity=entity, to_version=number, cause=cause, base_version=base
            )
            return _answer_rollback_preview(request, entity, found, with_items=query["items"])
        outcome = roll_back(
            entity=entity,
            to_version=number,
            cause=cause,
            at=timezone.now(),
            base_version=base,
        )
        extra = {
            "success": True,
            "new_current_version": write_version_id(entity.code, number),
            "moved_on": _count_moved_on(entity, number, outcome),
        }
        describe = partial(answer_change, entity=entity, outcome=outcome, extra=extra)
        return Started(runs=outcome.runs, describe=describe)


def _answer_rollback_preview(
    request: Request, entity: Entity, found: RollbackPreview, *, with_items: bool
) -> Response:
    extra = {
        "versions_between": [describe_version(version) for version in found.between],
        "moved_on": len(found.moved_on),
        "moved_on_entities": [
            {
                "id": one.code,
                "version": write_version_id(one.code, one.number),
                "author": one.author,
                "at": one.at,
            }
            for one in found.moved_on[:MAX_BATCH]
        ],
    }
    return answer_preview(
        request, entity=entity, found=found.change, with_items=with_items, extra=extra
    )


def _count_moved_on(entity: Entity, number: int, outcome: Outcome) -> int:
    if outcome.run is None:
        return 0
    target = load_version(entity=entity, number=number)
    affected = outcome.run.items.values_list("entity_id", flat=True)
    return len(find_moved_on(target=target, affected=affected))


class BatchView(WorkView):
    """Change several entities at once; one run per project covers the union of dependents."""

    def work(self, request: Request) -> Response | Started:
        """202 with a result per change; 422 when none, or with `atomic` not all, can be done.

        409 when what cannot be done are conflicts; they are kept.
        """
        query, body = read_query(DryRunQuery, request), read_body(BatchBody, request)
        found = propagate_batch(
            requests=[
                BatchRequest(
                    asset_id=one["asset_id"],
                    data=one["changes"],
                    base_version=_read_base(one, index),
                )
                for index, one in enumerate(body["asset_changes"])
            ],
            is_atomic=body["atomic"],
            is_dry_run=query["dry_run"],
            cause=_make_cause(request, RunKind.CHANGE, body, body["note"]),
            user=get_actor(request),
            at=timezone.now(),
        )
        results = [_describe_result(index, one) for index, one in enumerate(found.results)]
        if found.is_refused and any(one.conflicts for one in found.results):
            body = {"status": "conflict", "requires_intervention": True, "results": results}
            return Response(body, status=HTTPStatus.CONFLICT)
        if found.is_refused:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "batch-invalid",
                "Nothing was written.",
                extra={"results": results},
            )
        answer = {
            "dry_run": query["dry_run"],
            "results": results,
            "run_ids": [run.pk for run in found.runs],
            "merged_targets": found.affected,
        }
        if query["dry_run"]:
            return Response(answer)
        return Started(runs=found.runs, describe=partial(_answer_batch, found.runs, answer))


def _read_base(entry: dict[str, Any], index: int) -> int | None:
    given = entry["base_version"]
    if given is None:
        return None
    whole = entry["asset_id"]
    numbers = (read_number(given, code) for code in (whole, whole.partition(":")[2]))
    number = next((one for one in numbers if one is not None), None)
    if number is None:
        detail = f"Give a number, or a version such as {whole}_v1."
        wrong: dict[str, Any] = {"base_version": [detail]}
        raise serializers.ValidationError({"asset_changes": {str(index): wrong}})
    return number


def _answer_batch(runs: Sequence[PropagationRun], answer: dict[str, Any]) -> Response:
    first = next((run for run in runs if run.is_active), runs[0] if runs else None)
    return answer_started(first, {"status": first.status if first else "success", **answer})


def _describe_result(index: int, result: ChangeResult) -> dict[str, Any]:
    answer: dict[str, Any] = {"index": index, "asset_id": result.asset_id}
    if result.conflicts:
        return {**answer, "status": "conflict", **name_conflicts(result.conflicts)}
    if result.error is not None:
        member = "asset_id"
        if isinstance(result.error, InvalidChangeError):
            member = f"changes{result.error.pointer}"
        problem = {
            "code": result.error.code,
            "detail": str(result.error),
            "pointer": f"/asset_changes/{index}/{member}",
        }
        return {**answer, "status": "rejected", "problem": problem}
    return {
        **answer,
        "status": "accepted" if result.is_changed else "unchanged",
        "run_id": result.run_id,
        "version": result.version,
    }
