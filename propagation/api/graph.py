"""GET dependencies, and POST and DELETE of edges."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.graph.cache import load_graph
from assets.graph.dependency_graph import DependencyGraph
from assets.models import Follow
from assets.services.lookup import find_entity
from propagation.api.answers import answer_started, describe_started
from propagation.api.codes import read_base
from propagation.api.conditional import GuardedView
from propagation.api.conflicts import answer_conflicts
from propagation.api.strict import (
    JsonObjectField,
    NoQuery,
    StrictSerializer,
    VersionField,
    get_actor,
    read_body,
    read_query,
)
from propagation.api.work import Started, WorkView, finish
from propagation.execution.cause import Cause
from propagation.models import RunKind
from propagation.services.change_content import Outcome
from propagation.services.change_references import Edge, change_references, find_edge
from versions.facets import read_facets
from versions.models import FacetName
from versions.services.following import find_states

MAX_ANSWER = 50_000
"""Entities in one answer; more are cut and `truncated` says so."""


ROLE = r"^[a-z][a-z0-9_]*\Z"


class DependenciesQuery(StrictSerializer):
    """Parameters of dependencies; the story sends them as a JSON body of the GET."""

    depth = serializers.IntegerField(
        default=None, allow_null=True, min_value=0, max_value=2**31 - 1
    )
    include_shots = serializers.BooleanField(default=True)
    direction = serializers.ChoiceField(["downstream", "upstream"], default="downstream")


class EdgeBody(StrictSerializer):
    """One use of a source by a target."""

    source = serializers.CharField(max_length=400, trim_whitespace=False)  # type: ignore[assignment]
    target = serializers.CharField(max_length=400, trim_whitespace=False)
    role = serializers.RegexField(ROLE, max_length=32, default="depends_on")
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=64, default="", allow_blank=True
    )
    position = serializers.IntegerField(default=0, min_value=0, max_value=2**31 - 1)
    attributes = JsonObjectField(default=dict)
    follow = serializers.ChoiceField(Follow.choices, default=None)
    facets = serializers.ListField(
        child=serializers.ChoiceField(FacetName.choices), default=None, allow_null=True
    )
    note = serializers.CharField(default="", allow_blank=True, max_length=2000)
    base_version = VersionField(default=None)


class RemovedEdgeBody(EdgeBody):
    """The reference to remove, as it was added; its role and label may be left out."""

    role = serializers.RegexField(ROLE, max_length=32, default=None)
    label = serializers.CharField(max_length=64, default=None, allow_blank=True)


class DependenciesView(APIView):
    """Whom a change of an entity affects, or what it depends on."""

    def get(self, request: Request, asset_id: str) -> Response:
        """Answer the ids, in order of distance, with nodes and edges.

        `affected_shots` and `affected_sequences` count everything downstream, whatever depth and
        direction cut the lists to.
        """
        query = read_query(DependenciesQuery, request, accepts_body=True)
        entity = find_entity(identifier=asset_id, user=request.user)
        graph = load_graph(project_id=entity.project_id)
        distances = graph.get_affected(
            [entity.pk], depth=query["depth"], upstream=query["direction"] == "upstream"
        )
        if not query["include_shots"]:
            distances = {pk: d for pk, d in distances.items() if graph.nodes[pk].kind != "shot"}
        shown = dict(list(distances.items())[:MAX_ANSWER])
        states = find_states(project_id=entity.project_id, target_ids=shown)
        affected = [graph.nodes[pk].kind for pk in graph.get_affected([entity.pk])]
        return Response(
            {
                "asset_id": entity.code,
                "project_id": entity.project.code,
                "depth": query["depth"],
                "direction": query["direction"],
                "dependencies": [graph.nodes[pk].code for pk in shown],
                "nodes": _describe_nodes(graph, shown, states),
                "edges": _describe_edges(graph, entity.pk, shown),
                "affected_entities": len(affected),
                "affected_shots": affected.count("shot"),
                "affected_sequences": affected.count("sequence"),
                "truncated": len(shown) < len(distances),
                "graph_revision": graph.revision,
            }
        )


class EdgesView(WorkView, GuardedView):
    """References between entities of one project."""

    guarded = ("DELETE",)

    def work(self, request: Request) -> Response | Started:
        """Add a reference: 202 with the run that follows, 200 when it exists as it is asked for."""
        read_query(NoQuery, request)
        body = read_body(EdgeBody, request)
        edge = Edge(
            source=find_entity(identifier=body["source"], user=request.user),
            target=find_entity(identifier=body["target"], user=request.user),
            role=body["role"],
            label=body["label"],
            position=body["position"],
            attributes=body["attributes"],
            follow=Follow(body["follow"]) if body["follow"] else None,
            facets=None if body["facets"] is None else read_facets(body["facets"]),
        )
        outcome = change_references(
            added=[edge],
            cause=_make_cause(request, body),
            at=timezone.now(),
            base_version=read_base(request, edge.target, body["base_version"]),
        )
        return answer_edge(request, edge, outcome)

    def delete(self, request: Request) -> Response:
        """Remove a reference: 202 with the run that follows.

        Role and label may be left out where there is one reference between the two.
        """
        read_query(NoQuery, request)
        body = read_body(RemovedEdgeBody, request)
        edge = find_edge(
            source=find_entity(identifier=body["source"], user=request.user),
            target=find_entity(identifier=body["target"], user=request.user),
            role=body["role"],
            label=body["label"],
        )
        outcome = change_references(
            removed=[edge],
            cause=_make_cause(request, body),
            at=timezone.now(),
            base_version=read_base(request, edge.target, body["base_version"]),
        )
        return finish(request, answer_edge(request, edge, outcome))


def _make_cause(request: Request, body: dict[str, Any]) -> Cause:
    return Cause(kind=RunKind.RELINK, actor=get_actor(request), note=body["note"])


def answer_edge(request: Request, edge: Edge, outcome: Outcome) -> Response | Started:
    """Answer what became of a reference: 202 with a run, 200 without, 409 for a conflict."""
    if outcome.open_conflicts:
        return answer_conflicts(request, outcome.open_conflicts)
    return Started(runs=outcome.runs, describe=partial(_answer_edge, edge, outcome))


def _answer_edge(edge: Edge, outcome: Outcome) -> Response:
    ends = {"source": edge.source.code, "target": edge.target.code, "role": edge.role}
    return answer_started(outcome.run, {**describe_started(outcome), **ends})


def _describe_nodes(
    graph: DependencyGraph, distances: dict[int, int], states: Mapping[int, str]
) -> list[dict[str, Any]]:
    return [
        {
            "id": graph.nodes[pk].code,
            "type": graph.nodes[pk].type,
            "depth": distance,
            "state": states.get(pk, "current"),
        }
        for pk, distance in distances.items()
    ]


def _describe_edges(
    graph: DependencyGraph, root: int, distances: dict[int, int]
) -> list[tuple[str, str]]:
    return [
        (graph.nodes[source].code, graph.nodes[target].code)
        for source, target in graph.get_edges_within([root, *distances])
    ]
