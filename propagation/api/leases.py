"""Edit leases: who is editing what."""

from http import HTTPStatus
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.services.lookup import find_entity, find_project
from propagation.api.codes import read_base
from propagation.api.paging import ListView
from propagation.api.shapes import people as shapes
from propagation.api.strict import (
    NoQuery,
    StrictSerializer,
    VersionField,
    get_actor,
    read_body,
    read_query,
)
from propagation.api.work import WorkView
from propagation.models import EditLease, LeaseMode
from propagation.services.edit_leases import end_lease, list_leases, renew_lease, start_lease
from versions.naming import write_version_id


class EditedBody(StrictSerializer):
    """What is being edited: dotted paths of fields, none for all; left out: what was."""

    fields_ = serializers.ListField(
        child=serializers.CharField(max_length=255), default=None, allow_null=True, max_length=100
    )

    def get_fields(self) -> Any:  # noqa: ANN401 (DRF's mapping)
        """Return the fields; `fields` itself is a property of DRF's serializers."""
        declared = super().get_fields()
        return {name.rstrip("_"): field for name, field in declared.items()}


class LeaseBody(EditedBody):
    """What is being edited, and the version that the editor shows."""

    base_version = VersionField(default=None)
    mode = serializers.ChoiceField(LeaseMode.choices, default=LeaseMode.EDIT)


class LeasesView(ListView, WorkView):
    """Who is editing an entity."""

    row = shapes.Lease

    def get(self, request: Request, asset_id: str) -> Response:
        """Answer a page of the leases that are live."""
        entity = find_entity(identifier=asset_id, user=request.user)
        return self.answer_page(list_leases(at=timezone.now()).filter(entity=entity), _describe)

    def work(self, request: Request, asset_id: str) -> Response:
        """Say that one is editing: 201 with a token to go on with, and who else is."""
        read_query(NoQuery, request)
        body = read_body(LeaseBody, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        at, user = timezone.now(), get_actor(request)
        lease = start_lease(
            entity=entity,
            user=user,
            fields=body["fields"] or (),
            base_version=read_base(request, entity, body["base_version"]),
            mode=body["mode"],
            at=at,
        )
        others = list_leases(at=at).filter(entity=entity).exclude(user=user)
        answer = {**_describe_own(lease), "others": [_describe(one) for one in others]}
        response = Response(answer, status=HTTPStatus.CREATED)
        response["Location"] = f"/api/v1/leases/{lease.token}"
        return response


class LeaseView(APIView):
    """One lease of one's own."""

    def put(self, request: Request, token: str) -> Response:
        """Go on editing."""
        read_query(NoQuery, request)
        body = read_body(EditedBody, request)
        lease = renew_lease(
            token=token, user=get_actor(request), at=timezone.now(), fields=body["fields"]
        )
        return Response(_describe_own(lease))

    def delete(self, request: Request, token: str) -> Response:
        """Stop editing."""
        read_query(NoQuery, request)
        end_lease(token=token, user=get_actor(request), at=timezone.now())
        return Response(status=HTTPStatus.NO_CONTENT)


class PresenceView(ListView):
    """Who is editing what in a project."""

    row = shapes.Lease

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the leases that are live."""
        project = find_project(code=project_id, user=request.user)
        live = list_leases(at=timezone.now()).filter(entity__project=project)
        return self.answer_page(live, _describe)


def _describe(lease: EditLease) -> dict[str, Any]:
    return {
        "asset_id": lease.entity.code,
        "user": lease.user.username,
        "mode": lease.mode,
        "fields": lease.fields,
        "base_version": write_version_id(lease.entity.code, lease.base_version),
        "started_at": lease.started_at,
        "expires_at": lease.expires_at,
    }


def _describe_own(lease: EditLease) -> dict[str, Any]:
    return {"token": lease.token, **_describe(lease)}
