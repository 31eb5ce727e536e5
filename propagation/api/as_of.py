"""GET a whole project as it was at a time, or when a run had finished."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assets.models import Entity, Kind, Project
from assets.services.lookup import find_project
from propagation.api.describing import describe_use
from propagation.api.paging import ListView, PageQuery, take_page
from propagation.api.problem import Problem
from propagation.api.shapes import entities as shapes
from propagation.api.strict import StrictSerializer, read_query
from propagation.exceptions import RunNotFoundError
from propagation.models import PropagationRun
from versions.models import Content, Version
from versions.naming import write_version_id
from versions.services.as_of import existing_at, find_definitions_at, find_media_at
from versions.services.resolve import load_all_uses

MAX_RUN_ID = 2**63 - 1


class TimeQuery(StrictSerializer):
    """A time, or a run of the project: then the time at which it had finished."""

    at = serializers.DateTimeField(default=None)
    run = serializers.IntegerField(default=None, min_value=1, max_value=MAX_RUN_ID)


class AsOfQuery(TimeQuery, PageQuery):
    """Which part of the project, and how it was then."""

    kind = serializers.ChoiceField(Kind.choices, default=None)


class AsOfView(ListView):
    """A project as it was."""

    row = shapes.EntityThen

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the entities that existed then, each resolved as it was."""
        wanted = read_query(AsOfQuery, request)
        project = find_project(code=project_id, user=request.user)
        at = read_time(wanted, project)
        entities = Entity.objects.filter(project=project).select_related("project")
        if wanted["kind"]:
            entities = entities.filter(kind=wanted["kind"])
        existing = existing_at(entities, at=at)
        page, following = take_page(existing, wanted)
        return self.answer_rows(resolve_entities(page, at), following, wanted, existing.count)


def read_time(wanted: dict[str, Any], project: Project) -> datetime:
    """Return the time that the query says; now for a run that is not over."""
    if (wanted["at"] is None) == (wanted["run"] is None):
        raise Problem(HTTPStatus.BAD_REQUEST, "bad-time", "Give either at or run.")
    if wanted["at"] is not None:
        at: datetime = wanted["at"]
        return at
    run = PropagationRun.objects.filter(pk=wanted["run"], project=project).first()
    if run is None:
        raise RunNotFoundError(f"No run {wanted['run']} in {project.code}.")
    return run.finished_at or timezone.now()


def resolve_entities(entities: list[Entity], at: datetime) -> list[dict[str, Any]]:
    """Return each entity as it was: its version, content, uses with theirs, and best media.

    A constant number of statements. Entities that did not exist are left out.
    """
    ids = [entity.pk for entity in entities]
    then = find_definitions_at(entity_ids=ids, at=at)
    media = find_media_at(entity_ids=ids, at=at)
    uses = load_all_uses(numbers={pk: best.number for pk, best in then.items()})
    contents = dict(
        Version.objects.filter(pk__in=[best.version_id for best in then.values()]).values_list(
            "entity_id", "content_id"
        )
    )
    wanted = set(contents.values()) | {use.content_id for some in uses.values() for use in some}
    stored = {pk: content.data for pk, content in Content.objects.in_bulk(wanted).items()}
    return [
        {
            "id": entity.code,
            "kind": entity.kind,
            "type": entity.type,
            "at": at,
            "version": write_version_id(entity.code, then[entity.pk].number),
            "content": stored[contents[entity.pk]],
            "uses": [describe_use(use, stored[use.content_id]) for use in uses[entity.pk]],
            "media": {
                one.slot: write_version_id(entity.code, one.number, one.slot)
                for one in media.get(entity.pk, ())
            },
        }
        for entity in entities
        if entity.pk in then
    ]
