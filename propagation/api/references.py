"""References as rows: of a project or an entity; and many of them changed at once."""

from functools import partial
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assets.models import AssetReference, Entity, Follow
from assets.services.lookup import find_entity, find_project, find_within
from propagation.api.answers import answer_started, describe_started
from propagation.api.conflicts import answer_conflicts
from propagation.api.graph import ROLE
from propagation.api.paging import ListView, PageQuery
from propagation.api.shapes import entities as shapes
from propagation.api.strict import (
    JsonObjectField,
    NoQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.api.work import Started, WorkView
from propagation.execution.cause import Cause
from propagation.models import RunKind
from propagation.services.change_content import Outcome
from propagation.services.change_references import Edge, change_references
from versions.facets import Facet, name_facets, read_facets
from versions.models import FacetName
from versions.naming import write_version_id

MAX_EDGES = 1000


class ReferencesQuery(PageQuery):
    """Which references to list."""

    role = serializers.RegexField(ROLE, max_length=32, default=None)
    follow = serializers.ChoiceField(Follow.choices, default=None)


class EdgeKey(StrictSerializer):
    """A reference between two entities of the project."""

    source = serializers.CharField(max_length=400, trim_whitespace=False)  # type: ignore[assignment]
    target = serializers.CharField(max_length=400, trim_whitespace=False)
    role = serializers.RegexField(ROLE, max_length=32, default="depends_on")
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=64, default="", allow_blank=True
    )


class EdgeEntry(EdgeKey):
    """A reference to add; one that is there gets this position, attributes, follow and facets."""

    position = serializers.IntegerField(default=0, min_value=0, max_value=2**31 - 1)
    attributes = JsonObjectField(default=dict)
    follow = serializers.ChoiceField(Follow.choices, default=None)
    facets = serializers.ListField(
        child=serializers.ChoiceField(FacetName.choices), default=None, allow_null=True
    )


class EdgesBody(StrictSerializer):
    """References to add and to remove: all of it is done, in one run, or nothing."""

    add = serializers.ListField(child=EdgeEntry(), default=list, max_length=MAX_EDGES)
    remove = serializers.ListField(child=EdgeKey(), default=list, max_length=MAX_EDGES)
    note = serializers.CharField(default="", allow_blank=True, max_length=2000)


class ReferencesView(ListView, WorkView):
    """The references of a project."""

    row = shapes.Reference

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of them, with the version that each target was made from."""
        wanted = read_query(ReferencesQuery, request)
        project = find_project(code=project_id, user=request.user)
        rows = AssetReference.objects.filter(project=project)
        return self.answer_page(_select(rows, wanted), _describe, wanted=wanted)

    def work(self, request: Request, project_id: str) -> Response | Started:
        """Add and remove some: 202 with the one run that follows, 200 when nothing changes."""
        read_query(NoQuery, request)
        body = read_body(EdgesBody, request)
        project = find_project(code=project_id, user=request.user)
        entries = [*body["add"], *body["remove"]]
        codes = list(dict.fromkeys(one[end] for one in entries for end in ("source", "target")))
        found = find_within(project, codes, request.user) if codes else []
        entities = dict(zip(codes, found, strict=True))
        outcome = change_references(
            added=[_make_edge(one, entities) for one in body["add"]],
            removed=[_make_edge(one, entities) for one in body["remove"]],
            cause=Cause(kind=RunKind.RELINK, actor=get_actor(request), note=body["note"]),
            at=timezone.now(),
        )
        if outcome.open_conflicts:
            return answer_conflicts(request, outcome.open_conflicts)
        return Started(runs=outcome.runs, describe=partial(_answer, outcome))


class UsesView(ListView):
    """What an entity is made from, or who is made from it: its references."""

    row = shapes.Reference
    is_upward = True

    def get(self, request: Request, asset_id: str) -> Response:
        """Answer a page of them; one hop, unlike dependencies."""
        wanted = read_query(ReferencesQuery, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        rows = entity.uses.all() if self.is_upward else entity.used_by.all()
        return self.answer_page(_select(rows, wanted), _describe, wanted=wanted)


def _select(rows: Any, wanted: dict[str, Any]) -> Any:  # noqa: ANN401 (a queryset)
    equal = {name: wanted[name] for name in ("role", "follow") if wanted[name] is not None}
    return rows.filter(**equal).select_related("source", "target", "consumption__version")


def _make_edge(entry: dict[str, Any], entities: dict[str, Entity]) -> Edge:
    facets = entry.get("facets")
    follow = entry.get("follow")
    return Edge(
        source=entities[entry["source"]],
        target=entities[entry["target"]],
        role=entry["role"],
        label=entry["label"],
        position=entry.get("position", 0),
        attributes=entry.get("attributes", {}),
        follow=Follow(follow) if follow else None,
        facets=None if facets is None else read_facets(facets),
    )


def _answer(outcome: Outcome) -> Response:
    return answer_started(outcome.run, describe_started(outcome))


def _describe(one: AssetReference) -> dict[str, Any]:
    return {
        "id": one.pk,
        "source": one.source.code,
        "target": one.target.code,
        "role": one.role,
        "label": one.label,
        "position": one.position,
        "attributes": one.attributes,
        "follow": one.follow,
        "facets": name_facets(Facet(one.facets)),
        "consumed": write_version_id(one.source.code, one.consumption.version.number),
    }
