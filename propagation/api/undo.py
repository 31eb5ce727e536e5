"""POST undo: take a run back, or some of its targets."""

from dataclasses import replace
from functools import partial
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assets.models import Project
from assets.services.lookup import find_within
from propagation.api.answers import answer_started, describe_started
from propagation.api.changes import MAX_EXCLUDED
from propagation.api.plans import read_plan
from propagation.api.previews import answer_plan
from propagation.api.runs import find_run
from propagation.api.strict import (
    CodeField,
    DryRunQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.api.work import Started, WorkView
from propagation.execution.cause import Cause
from propagation.models import PropagationRun, RunKind, RunMode
from propagation.services.change_content import Outcome
from propagation.services.undo_run import Undo, preview_undo, undo_run
from versions.naming import write_version_id

TOLD = 1000
"""Entities that an answer names; `returned` and `kept` count all."""


class UndoBody(StrictSerializer):
    """Why, and of which targets only; without them the whole run is taken back."""

    reason = serializers.CharField(max_length=2000)
    items = serializers.ListField(
        child=CodeField(), default=None, allow_empty=False, max_length=MAX_EXCLUDED
    )
    exclude = serializers.ListField(child=CodeField(), default=list, max_length=MAX_EXCLUDED)
    propagation_mode = serializers.ChoiceField(RunMode.choices, default=RunMode.AUTO)
    notify_users = serializers.BooleanField(default=True)
    plan_token = serializers.CharField(default=None, max_length=64)


class UndoView(WorkView):
    """The way back of a run."""

    def work(self, request: Request, run_id: int) -> Response | Started:
        """202 with the run that brings it back, 200 for a dry run."""
        query, body = read_query(DryRunQuery, request), read_body(UndoBody, request)
        run = find_run(run_id, request)
        only = _find_ids(run.project, body["items"], request)
        cause = Cause(
            kind=RunKind.UNDO,
            actor=get_actor(request),
            note=body["reason"],
            mode=RunMode(body["propagation_mode"]),
            notify_users=body["notify_users"],
            excluded=frozenset(_find_ids(run.project, body["exclude"], request) or ()),
            shown=read_plan(request, body["plan_token"]),
        )
        if query["dry_run"]:
            cause = replace(cause, shown=None)
            return _answer_dry_run(request, run, only, cause, with_items=query["items"])
        undo, outcome = undo_run(run_id=run.pk, only=only, cause=cause, at=timezone.now())
        about = {"undo_of": run.pk, **_describe_undo(undo)}
        return Started(runs=outcome.runs, describe=partial(_answer_undo, outcome, about))


def _answer_undo(outcome: Outcome, about: dict[str, Any]) -> Response:
    return answer_started(outcome.run, {**describe_started(outcome), **about})


def _find_ids(project: Project, codes: list[str] | None, request: Request) -> list[int] | None:
    if codes is None:
        return None
    return [entity.pk for entity in find_within(project, codes, request.user)]


def _answer_dry_run(
    request: Request,
    run: PropagationRun,
    only: list[int] | None,
    cause: Cause,
    *,
    with_items: bool,
) -> Response:
    found = preview_undo(run_id=run.pk, only=only, cause=cause)
    about = {
        "undo_of": run.pk,
        **_describe_undo(found.undo),
        "fields": [
            {"id": found.codes[pk], "field": one.field, "before": one.before, "after": one.after}
            for pk, changes in found.undo.fields.items()
            for one in changes
        ][:TOLD],
    }
    return answer_plan(
        request,
        project=run.project,
        about=about,
        found=found.found,
        bases=found.bases,
        contents=found.contents,
        with_items=with_items,
    )


def _describe_undo(undo: Undo) -> dict[str, Any]:
    return {
        "returned": len(undo.returned),
        "returned_entities": list(undo.returned[:TOLD]),
        "kept": len(undo.kept),
        "kept_entities": [
            {
                "id": one.code,
                "version": write_version_id(one.code, one.number),
                "author": one.author,
            }
            for one in undo.kept[:TOLD]
        ],
    }
