"""GET projects, entities and versions: what exists and what it was."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Entity, Project
from assets.services.lookup import find_entity, find_project
from propagation.api.codes import write_etag, write_version_id
from propagation.api.paging import answer_page
from propagation.api.strict import NoQuery, read_query
from versions.change import FieldChange
from versions.models import DEFINITION, Head, Version
from versions.prose import compare_words
from versions.services.compare import MovedUse, compare_versions
from versions.services.resolve import Use, load_uses, load_version


class ProjectsView(APIView):
    """The projects that one may see."""

    def get(self, request: Request) -> Response:
        """Answer a page of projects."""
        return answer_page(request, Project.objects.visible_to(request.user), _describe_project)


class ProjectView(APIView):
    """One project."""

    def get(self, request: Request, project_id: str) -> Response:
        """Answer the project."""
        read_query(NoQuery, request)
        return Response(_describe_project(find_project(code=project_id, user=request.user)))


class EntitiesView(APIView):
    """The assets, shots or sequences of a project."""

    kind: str = ""

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of entities in the order in which they were created."""
        project = find_project(code=project_id, user=request.user)
        entities = Entity.objects.filter(project=project, kind=self.kind)
        return answer_page(request, entities, _describe_row)


class EntityView(APIView):
    """One asset, shot or sequence."""

    def get(self, request: Request, asset_id: str) -> Response:
        """Answer the entity with the content of its best version."""
        read_query(NoQuery, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        head = Head.objects.select_related("best__content", "latest").get(
            entity=entity, slot=DEFINITION
        )
        response = Response(
            {
                **_describe_row(entity),
                "project_id": entity.project.code,
                "best": write_version_id(entity.code, head.best.number),
                "latest": write_version_id(entity.code, head.latest.number),
                "content": head.best.content.data,
            }
        )
        response["ETag"] = write_etag(entity.code, head.best.number)
        return response


class VersionsView(APIView):
    """The versions of an entity."""

    def get(self, request: Request, asset_id: str) -> Response:
        """Answer a page of versions, newest first."""
        entity = find_entity(identifier=asset_id, user=request.user)
        versions = Version.objects.filter(entity=entity, slot=DEFINITION).select_related(
            "entity", "author"
        )
        return answer_page(request, versions, _describe_version, key="number", is_descending=True)


class VersionView(APIView):
    """One version of an entity."""

    def get(self, request: Request, asset_id: str, number: int) -> Response:
        """Answer the version resolved: its content, and what it was made from."""
        read_query(NoQuery, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        version = load_version(entity=entity, number=min(number, 2**31 - 1))
        uses = [_describe_use(use) for use in load_uses(version=version)]
        return Response(
            {**_describe_version(version), "content": version.content.data, "uses": uses}
        )


class DiffView(APIView):
    """Two versions of an entity, compared."""

    def get(self, request: Request, asset_id: str, before: int, after: int) -> Response:
        """Answer the fields that differ, with the words within prose, and what is used."""
        read_query(NoQuery, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        old, new = (
            load_version(entity=entity, number=min(number, 2**31 - 1)) for number in (before, after)
        )
        found = compare_versions(before=old, after=new)
        return Response(
            {
                "before": write_version_id(entity.code, old.number),
                "after": write_version_id(entity.code, new.number),
                "fields": [_describe_change(one) for one in found.fields],
                "uses": {
                    "added": [_describe_use(use) for use in found.added],
                    "removed": [_describe_use(use) for use in found.removed],
                    "moved": [_describe_moved(one) for one in found.moved],
                },
            }
        )


def _describe_use(use: Use) -> dict[str, Any]:
    return {
        "id": use.source_code,
        "role": use.role,
        "label": use.label,
        "position": use.position,
        "attributes": use.attributes,
        "version": write_version_id(use.source_code, use.version_number),
    }


def _describe_moved(one: MovedUse) -> dict[str, Any]:
    after = _describe_use(one.after)
    return {
        **{key: after[key] for key in ("id", "role", "label")},
        "before": _describe_use(one.before)["version"],
        "after": after["version"],
        "fields": [_describe_change(change) for change in one.fields],
    }


def _describe_change(change: FieldChange) -> dict[str, Any]:
    described = {"field": change.field, "before": change.before, "after": change.after}
    if isinstance(change.before, str) and isinstance(change.after, str):
        spans = compare_words(change.before, change.after)
        described["words"] = [{"kind": span.kind, "text": span.text} for span in spans]
    return described


def _describe_project(project: Project) -> dict[str, Any]:
    return {
        "id": project.code,
        "name": project.name,
        "details": project.details,
        "graph_revision": project.graph_revision,
        "created_at": project.created_at,
    }


def _describe_row(entity: Entity) -> dict[str, Any]:
    return {
        "id": entity.code,
        "kind": entity.kind,
        "type": entity.type,
        "name": entity.name,
        "priority": entity.priority,
    }


def _describe_version(version: Version) -> dict[str, Any]:
    return {
        "id": write_version_id(version.entity.code, version.number),
        "number": version.number,
        "origin": version.origin,
        "author": version.author.username if version.author else None,
        "run_id": version.run_id,
        "note": version.note,
        "checksum": version.checksum,
        "created_at": version.created_at,
    }
