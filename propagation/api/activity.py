"""The audit trail of a project, and of an entity."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assets.models import Entity, Project
from assets.services.lookup import find_entity, find_project, find_within
from propagation.api.paging import ListView, PageQuery, read_moment, write_moment
from propagation.api.shapes import people as shapes
from propagation.api.strict import CodeField, read_query
from propagation.services.read_activity import ActivityFilter, Place, read_activity


class ActivityQuery(PageQuery):
    """Which rows of the trail. They are not counted: they come from two tables."""

    count = None  # type: ignore[assignment]  # DRF's way to leave a field out
    asset_id = CodeField(default=None)
    actor = serializers.CharField(default=None, max_length=150)
    action = serializers.ListField(child=serializers.CharField(max_length=64), default=list)
    run = serializers.IntegerField(default=None, min_value=1, max_value=2**63 - 1)
    rule = serializers.CharField(default=None, max_length=64)
    since = serializers.DateTimeField(default=None)
    until = serializers.DateTimeField(default=None)


class ActivityView(ListView):
    """What was changed, by whom and why."""

    row = shapes.Activity

    def answer(self, request: Request, project: Project, entity: Entity | None) -> Response:
        """Answer a page of rows, newest first."""
        wanted = read_query(ActivityQuery, request)
        if wanted["asset_id"] is not None and entity is None:
            (entity,) = find_within(project, [wanted["asset_id"]], request.user)
        limit = wanted["limit"]
        rows = read_activity(
            project=project,
            wanted=ActivityFilter(
                entity=entity,
                actor=wanted["actor"],
                actions=wanted["action"],
                run_id=wanted["run"],
                rule=wanted["rule"],
                since=wanted["since"],
                until=wanted["until"],
            ),
            after=_read_cursor(wanted["cursor"]),
            limit=limit + 1,
        )
        following = _write_cursor(rows[limit - 1].place) if len(rows) > limit else None
        return self.answer_rows([row.described for row in rows[:limit]], following, wanted)


class ProjectActivityView(ActivityView):
    """The trail of a project."""

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page."""
        return self.answer(request, find_project(code=project_id, user=request.user), None)


class EntityActivityView(ActivityView):
    """The trail of an entity, with what runs made of it."""

    def get(self, request: Request, asset_id: str) -> Response:
        """Answer a page."""
        entity = find_entity(identifier=asset_id, user=request.user)
        return self.answer(request, entity.project, entity)


def _write_cursor(place: Place) -> str:
    return write_moment(place.at, place.source, place.pk)


def _read_cursor(cursor: str) -> Place | None:
    if not cursor:
        return None
    at, source, pk = read_moment(cursor, numbers=2)
    return Place(at=at, source=source, pk=pk)
