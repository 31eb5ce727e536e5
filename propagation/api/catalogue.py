"""Projects and entities: what exists."""

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Project, Strictness
from assets.services.locking import lock_project
from assets.services.lookup import find_entity, find_project
from assets.services.settings import SETTINGS
from propagation.api.as_of import TimeQuery, read_time, resolve_entities
from propagation.api.bringing import answer_new_entities, answer_new_project
from propagation.api.changes import change_entity
from propagation.api.codes import write_etag
from propagation.api.conditional import GuardedView, check_unmoved
from propagation.api.describing import describe_entity, describe_project
from propagation.api.listing import SORTED, EntitiesQuery, describe_entities, find_entities
from propagation.api.paging import ListView, take_sorted_page
from propagation.api.parsing import MergePatchParser, StrictJSONParser
from propagation.api.shapes import entities as shapes
from propagation.api.strict import (
    DryRunQuery,
    NoQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_object,
    read_query,
)
from propagation.api.work import WorkView, finish
from propagation.execution.cause import Cause
from propagation.models import RunKind
from propagation.services.edit_project import edit_project
from propagation.services.lock_entities import lock_entities
from versions.exceptions import NotThereThenError
from versions.models import DEFINITION, Head
from versions.naming import write_version_id


class ProjectsView(ListView, WorkView):
    """The projects that one may see."""

    row = shapes.Project

    def get(self, request: Request) -> Response:
        """Answer a page of projects."""
        return self.answer_page(Project.objects.visible_to(request.user), describe_project)

    def work(self, request: Request) -> Response:
        """Create one: 201. Whoever may add projects in the admin may do so, and is its admin."""
        return answer_new_project(request)


class ProjectView(APIView):
    """One project."""

    def get(self, request: Request, project_id: str) -> Response:
        """Answer the project."""
        read_query(NoQuery, request)
        return Response(describe_project(find_project(code=project_id, user=request.user)))


class SettingsBody(StrictSerializer):
    """How strict the project is about edits that meet; what is left out stays."""

    strictness = serializers.ChoiceField(Strictness.choices, default=None)
    strict_writes = serializers.BooleanField(default=None, allow_null=True)
    leases_lock = serializers.BooleanField(default=None, allow_null=True)
    reason = serializers.CharField(default="", allow_blank=True, max_length=100)


class SettingsView(GuardedView):
    """The settings of a project."""

    guarded = ("PATCH",)

    def patch(self, request: Request, project_id: str) -> Response:
        """Write those that are named; admins of the project may. If-Match: of the project."""
        read_query(NoQuery, request)
        body = read_body(SettingsBody, request)
        project = find_project(code=project_id, user=request.user)
        with transaction.atomic():
            check_unmoved(request, describe_project(lock_project(project_id=project.pk)))
            edited = edit_project(
                project=project,
                values=body,
                actor=get_actor(request),
                reason=body["reason"],
                at=timezone.now(),
            )
        return Response({name: getattr(edited, name) for name in SETTINGS})


class EntitiesView(ListView, WorkView):
    """The assets, shots or sequences of a project."""

    row = shapes.EntityRow
    kind: str = ""

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of entities: in the order in which they were created, or as `sort` says."""
        wanted = read_query(EntitiesQuery, request)
        project = find_project(code=project_id, user=request.user)
        rows = find_entities(project=project, kind=self.kind, wanted=wanted)
        page, following = take_sorted_page(rows, wanted, SORTED[wanted["sort"].removeprefix("-")])
        described = describe_entities(page, expand=wanted["expand"])
        return self.answer_rows(described, following, wanted, rows.count)

    def work(self, request: Request, project_id: str) -> Response:
        """Create some, all or none: 201 with them. 409 `entity-exists` where an id is taken."""
        project = find_project(code=project_id, user=request.user)
        return answer_new_entities(request, project, self.kind)


class EntityView(GuardedView):
    """One asset, shot or sequence, or the project itself."""

    guarded = ("PATCH",)
    parser_classes = (StrictJSONParser, MergePatchParser)

    def get(self, request: Request, asset_id: str) -> Response:
        """Answer the entity with the content of its best version, now or as it was."""
        wanted = read_query(TimeQuery, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        if wanted["at"] is not None or wanted["run"] is not None:
            at = read_time(wanted, entity.project)
            found = resolve_entities([entity], at)
            if not found:
                raise NotThereThenError(entity.code, at)
            return Response({**found[0], "project_id": entity.project.code})
        head = Head.objects.select_related("best__content", "latest", "approved").get(
            entity=entity, slot=DEFINITION
        )
        response = Response(
            {
                **describe_entity(entity),
                "project_id": entity.project.code,
                "best": write_version_id(entity.code, head.best.number),
                "latest": write_version_id(entity.code, head.latest.number),
                "latest_approved": write_version_id(entity.code, head.approved.number)
                if head.approved
                else None,
                "content": head.best.content.data,
            }
        )
        response["ETag"] = write_etag(entity.code, head.best.number)
        return response

    def patch(self, request: Request, asset_id: str) -> Response:
        """Change its content by a JSON Merge Patch (RFC 7396), as POST …/propagate does."""
        query, data = read_query(DryRunQuery, request), read_object(request)
        entity = find_entity(identifier=asset_id, user=request.user)
        cause = Cause(kind=RunKind.CHANGE, actor=get_actor(request), note="")
        with_items = query["items"] if query["dry_run"] else None
        return finish(request, change_entity(request, entity, data, cause, with_items=with_items))


class LockBody(StrictSerializer):
    """Whether people may change the entity, and why not."""

    is_locked = serializers.BooleanField()
    reason = serializers.CharField(default="", allow_blank=True, max_length=100)


class LockView(APIView):
    """The lock of an entity."""

    def put(self, request: Request, asset_id: str) -> Response:
        """Lock or unlock it."""
        read_query(NoQuery, request)
        body = read_body(LockBody, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        lock_entities(
            project_id=entity.project_id,
            entity_ids=[entity.pk],
            is_locked=body["is_locked"],
            reason=body["reason"],
            actor=get_actor(request),
            at=timezone.now(),
        )
        return Response({"id": entity.code, "is_locked": body["is_locked"]})
