"""POST of what is new: projects, entities, and whole productions."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from assets.confining import find_confines
from assets.limits import CODE_LENGTH, NAME_LENGTH
from assets.models import Project
from assets.services.lookup import find_project
from propagation.api.answers import answer_started, describe_started
from propagation.api.describing import describe_entity, describe_project
from propagation.api.strict import (
    JsonObjectField,
    NoQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_object,
    read_query,
)
from propagation.api.work import Started, WorkView
from propagation.interchange.defects import DefectiveProductionError, DefectList
from propagation.interchange.production import Production
from propagation.interchange.reading import read_production
from propagation.services.change_content import Outcome
from propagation.services.create_entities import add_entities
from propagation.services.create_project import create_project
from propagation.services.import_production import ImportReport, import_production
from versions.naming import write_version_id

MAX_NEW = 1000
LISTS = {
    "asset": ("assets", "id"),
    "shot": ("shots", "shot_id"),
    "sequence": ("sequences", "sequence_id"),
}
"""Where a production has entities of a kind, and under which key their ids."""


class NewProjectBody(StrictSerializer):
    """A new project; details: whatever else there is to say, such as a style."""

    id = serializers.CharField(max_length=CODE_LENGTH, trim_whitespace=False)
    name = serializers.CharField(default="", allow_blank=True, max_length=NAME_LENGTH)
    details = JsonObjectField(default=dict)


class NewEntityBody(StrictSerializer):
    """A new entity. type: of an asset, such as character; content: its fields."""

    id = serializers.CharField(max_length=CODE_LENGTH, trim_whitespace=False)
    type = serializers.CharField(default=None, max_length=64)
    content = JsonObjectField(default=dict)


class NewEntitiesBody(StrictSerializer):
    """New entities of one kind: all are created, or none."""

    entities = serializers.ListField(child=NewEntityBody(), allow_empty=False, max_length=MAX_NEW)
    note = serializers.CharField(default="", allow_blank=True, max_length=2000)


class ImportQuery(StrictSerializer):
    """dry_run: say what would change."""

    dry_run = serializers.BooleanField(default=False)


def answer_new_project(request: Request) -> Response:
    """Create a project: 201. Whoever may add projects in the admin may do so here."""
    read_query(NoQuery, request)
    body = read_body(NewProjectBody, request)
    actor = get_actor(request)
    if not actor.has_perm("assets.add_project") or find_confines(actor) is not None:
        raise PermissionDenied("This needs the permission to add projects.")
    try:
        project = create_project(
            code=body["id"],
            name=body["name"],
            details=body["details"],
            actor=actor,
            at=timezone.now(),
        )
    except ModelError as error:
        raise serializers.ValidationError({"id": error.messages}) from error
    response = Response(describe_project(project), status=HTTPStatus.CREATED)
    response["Location"] = f"/api/v1/projects/{project.code}"
    return response


def answer_new_entities(request: Request, project: Project, kind: str) -> Response:
    """Create entities: 201 with them, in order, and the id of their first version."""
    read_query(NoQuery, request)
    body = read_body(NewEntitiesBody, request)
    production = _record(kind, body["entities"])
    created = add_entities(
        project=project,
        entities=production.entities,
        actor=get_actor(request),
        at=timezone.now(),
        note=body["note"],
    )
    data = [{**describe_entity(one), "version": write_version_id(one.code, 1)} for one in created]
    return Response({"data": data}, status=HTTPStatus.CREATED)


def _record(kind: str, entities: list[dict[str, Any]]) -> Production:
    """Return the entities as a file would have them; DefectiveProductionError."""
    name, key = LISTS[kind]
    defects = DefectList()
    rows = []
    for index, one in enumerate(entities):
        if (one["type"] is None) == (kind == "asset"):
            detail = "An asset needs a type." if kind == "asset" else f"A {kind} has no type."
            defects.add(f"/{name}/{index}/type", "bad-type", detail)
        typed = {} if one["type"] is None else {"type": one["type"]}
        rows.append({**one["content"], **typed, key: one["id"]})
    production = None if defects.total else read_production({name: rows}, defects)
    for reference in production.references if production else ():
        detail = "References are added by edges, not by content."
        defects.add(reference.pointer, "reference", detail)
    if production is None or defects.total:
        moved = [replace(one, pointer=_move(one.pointer, name, key)) for one in defects.listed]
        raise DefectiveProductionError(moved, total=defects.total)
    return production


def _move(pointer: str, name: str, key: str) -> str:
    """Return where in the body lies what the pointer names in a file."""
    _, _, rest = pointer.removeprefix(f"/{name}/").partition("/")
    index = pointer.removeprefix(f"/{name}/").partition("/")[0]
    if rest in (key, "type", ""):
        return f"/entities/{index}" + (f"/{'id' if rest == key else rest}" if rest else "")
    return f"/entities/{index}/content/{rest}"


class ImportView(WorkView):
    """A whole production, as docs/format.md describes it."""

    def work(self, request: Request, project_id: str) -> Response | Started:
        """Make the project what the body says: 202 with the run that follows, else 200.

        422 `defective-production` with every defect, and nothing is written.
        """
        query = read_query(ImportQuery, request)
        project = find_project(code=project_id, user=request.user)
        defects = DefectList()
        production = read_production(read_object(request), defects)
        if production is None:
            raise DefectiveProductionError(defects.listed, total=defects.total)
        report = import_production(
            production=production,
            project_code=project.code,
            actor=get_actor(request),
            at=timezone.now(),
            dry_run=query["dry_run"],
        )
        if query["dry_run"]:
            return Response({"dry_run": True, **_describe(report, production)})
        runs = [report.run] if report.run else []
        return Started(runs=runs, describe=lambda: _answer(report, production))


def _answer(report: ImportReport, production: Production) -> Response:
    started = describe_started(Outcome(run=report.run, version_numbers={}))
    return answer_started(report.run, {**started, **_describe(report, production)})


def _describe(report: ImportReport, production: Production) -> dict[str, Any]:
    return {
        "project_id": report.project,
        "created": report.created,
        "changed": report.changed,
        "kept": report.kept,
        "references_added": report.references_added,
        "references_changed": report.references_changed,
        "references_removed": report.references_removed,
        "ignored": list(production.ignored),
    }
