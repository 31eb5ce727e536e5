"""GET runs, their items, and the propagation status of a project."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.exceptions import EntityNotFoundError
from assets.models import Project
from assets.services.lookup import find_project, find_within
from propagation.api.answers import describe_run
from propagation.api.describing import describe_comparison
from propagation.api.paging import ListView, PageQuery
from propagation.api.shapes import runs as shapes
from propagation.api.strict import NoQuery, read_query
from propagation.exceptions import RunNotFoundError
from propagation.models import (
    ItemState,
    PropagationItem,
    PropagationRun,
    RunKind,
    RunStatus,
)
from propagation.models.run import ACTIVE_STATUSES, PROCESSED_ITEMS
from propagation.services.read_events import read_seq
from propagation.services.standing import describe_standing
from versions.naming import write_version_id
from versions.services.outdated_media import find_outdated_media

MAX_RUN_ID = 2**63 - 1


class ItemsQuery(PageQuery):
    """Parameters of the items of a run."""

    state = serializers.ChoiceField(ItemState.choices, default=None, allow_null=True)


def find_run(run_id: int, request: Request) -> PropagationRun:
    """Return the run; RunNotFoundError also for one of a project that the user may not see."""
    projects = Project.objects.visible_to(request.user)
    run = (
        PropagationRun.objects.filter(pk=run_id, project__in=projects)
        .select_related("project")
        .first()
        if run_id <= MAX_RUN_ID
        else None
    )
    if run is None:
        raise RunNotFoundError(f"No run {run_id} in the projects that you may see.")
    return run


class RunsQuery(PageQuery):
    """Which runs to list."""

    status = serializers.ChoiceField(RunStatus.choices, default=None)
    kind = serializers.ChoiceField(RunKind.choices, default=None)


class RunView(APIView):
    """One run."""

    def get(self, request: Request, run_id: int) -> Response:
        """Answer how far it is."""
        read_query(NoQuery, request)
        run = find_run(run_id, request)
        response = Response(describe_run(run))
        if run.is_active:
            response["Retry-After"] = "1"
        return response


class RunItemsView(ListView):
    """The targets of a run."""

    row = shapes.Item

    def get(self, request: Request, run_id: int) -> Response:
        """Answer a page of items."""
        items = find_run(run_id, request).items.select_related("entity", "version", "batch")
        wanted = read_query(ItemsQuery, request)
        if wanted["state"]:
            items = items.filter(state=wanted["state"])
        return self.answer_page(items, _describe_item, wanted=wanted)


class RunItemView(APIView):
    """One target of a run."""

    def get(self, request: Request, run_id: int, asset_id: str) -> Response:
        """Answer what became of it, with what it was before and after, field by field."""
        read_query(NoQuery, request)
        run = find_run(run_id, request)
        (entity,) = find_within(run.project, [asset_id], request.user)
        item = (
            run.items.filter(entity=entity)
            .select_related("entity", "batch", "version__entity", "before__entity")
            .first()
        )
        if item is None:
            raise EntityNotFoundError(entity.code)
        compared = None
        if item.before and item.version:
            compared = describe_comparison(item.before, item.version)
        return Response({**_describe_item(item), "changes": compared})


class RunsView(ListView):
    """The runs of a project."""

    row = shapes.RunRow

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of runs, newest first."""
        wanted = read_query(RunsQuery, request)
        project = find_project(code=project_id, user=request.user)
        rows = project.runs.filter(
            **{name: wanted[name] for name in ("status", "kind") if wanted[name] is not None}
        )
        return self.answer_page(rows, _describe_row, wanted=wanted, is_descending=True)


class PropagationStatusView(APIView):
    """How a project stands."""

    def get(self, request: Request, project_id: str) -> Response:
        """Answer what is under way, what waits in each lane, and what is out of date."""
        read_query(NoQuery, request)
        project = find_project(code=project_id, user=request.user)
        active = list(
            PropagationRun.objects.filter(project=project, status__in=ACTIVE_STATUSES)
            .annotate(processed=PROCESSED_ITEMS)
            .order_by("pk")
        )
        return Response(
            {
                "project_id": project.code,
                "state": "running" if active else "idle",
                "active_runs": [
                    {
                        "id": run.pk,
                        "status": run.status,
                        "progress": round(100 * run.processed / run.total, 1),
                        "processed": run.processed,
                        "total": run.total,
                    }
                    for run in active
                ],
                **describe_standing(project),
                "outdated_media": find_outdated_media(project=project).count(),
                "graph_revision": project.graph_revision,
                "seq": read_seq(project),
            }
        )


def _describe_row(run: PropagationRun) -> dict[str, Any]:
    return {
        "id": run.pk,
        "kind": run.kind,
        "status": run.status,
        "total": run.total,
        "note": run.note,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }


def _describe_item(item: PropagationItem) -> dict[str, Any]:
    version = item.version
    return {
        "id": item.entity.code,
        "type": item.entity.type,
        "state": item.state,
        "lane": item.batch.lane if item.batch else None,
        "rule": item.rule,
        "reason": item.reason,
        "level": item.level,
        "version": write_version_id(item.entity.code, version.number) if version else None,
        "error": item.error,
    }
