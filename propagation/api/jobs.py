"""GET open jobs, and POST their results: the doors of workers outside."""

from http import HTTPStatus
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assets.models import Project
from assets.services.lookup import find_project
from propagation.api.paging import ListView
from propagation.api.problem import Problem
from propagation.api.shapes import runs as shapes
from propagation.api.strict import (
    JsonObjectField,
    NoQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.api.work import WorkView
from propagation.exceptions import JobNotFoundError
from propagation.models import ExternalJob
from propagation.services.complete_jobs import complete_job, fail_job, list_jobs
from versions.naming import write_version_id


class ResultBody(StrictSerializer):
    """Either the fields that the target gets, or what went wrong."""

    content = JsonObjectField(default=None, allow_null=True)
    error = serializers.CharField(default=None, max_length=2000)


class JobsView(ListView):
    """What waits for somebody outside."""

    row = shapes.Job

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of open jobs."""
        project = find_project(code=project_id, user=request.user)
        return self.answer_page(list_jobs(project=project), _describe)


class JobView(WorkView):
    """The result of a job."""

    def work(self, request: Request, token: str) -> Response:
        """200 with what became of the item; 409 when the job is over."""
        read_query(NoQuery, request)
        body = read_body(ResultBody, request)
        if (body["content"] is None) == (body["error"] is None):
            detail = "Say either content or error."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "validation-error", detail)
        visible = Project.objects.visible_to(request.user)
        if not ExternalJob.objects.filter(token=token, project__in=visible).exists():
            raise JobNotFoundError
        actor, at = get_actor(request), timezone.now()
        if body["error"] is None:
            item = complete_job(token=token, content=body["content"], actor=actor, at=at)
        else:
            item = fail_job(token=token, error=body["error"], actor=actor, at=at)
        version = item.version
        code = item.entity.code
        return Response(
            {
                "asset_id": code,
                "run_id": item.run_id,
                "state": item.state,
                "version": write_version_id(code, version.number) if version else None,
            }
        )


def _describe(job: ExternalJob) -> dict[str, Any]:
    return {
        "token": job.token,
        "asset_id": job.item.entity.code,
        "run_id": job.item.run_id,
        "payload": job.payload,
        "created_at": job.created_at,
        "due_at": job.due_at,
        "complete_url": f"/api/v1/jobs/{job.token}",
    }
