"""The members of a project, and their roles; by its admins."""

from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Membership, Project, Role
from assets.services.locking import lock_project
from assets.services.lookup import find_project
from propagation.api.conditional import check_unmoved
from propagation.api.paging import ListView
from propagation.api.shapes import people as shapes
from propagation.api.strict import (
    NoQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.exceptions import MemberNotFoundError
from propagation.services.edit_members import (
    find_member,
    list_members,
    remove_member,
    save_member,
)


class MemberBody(StrictSerializer):
    """What somebody may do, and why."""

    role = serializers.ChoiceField(Role.choices)
    reason = serializers.CharField(default="", allow_blank=True, max_length=100)


class MembersView(ListView):
    """The members of a project."""

    row = shapes.Member

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of them."""
        project = find_project(code=project_id, user=request.user)
        rows = list_members(project=project, actor=get_actor(request))
        return self.answer_page(rows, _describe)


class MemberView(APIView):
    """One member, by the name of their account."""

    def get(self, request: Request, project_id: str, username: str) -> Response:
        """Answer their role."""
        read_query(NoQuery, request)
        project = find_project(code=project_id, user=request.user)
        found = find_member(project=project, username=username, actor=get_actor(request))
        if found is None:
            raise MemberNotFoundError(username)
        return Response(_describe(found))

    def put(self, request: Request, project_id: str, username: str) -> Response:
        """Give them a role: 201 for a new member, else 200; 409 for the last admin."""
        read_query(NoQuery, request)
        body = read_body(MemberBody, request)
        project = find_project(code=project_id, user=request.user)
        with transaction.atomic():
            _check_if_match(request, project, username)
            member, is_new = save_member(
                project=project,
                username=username,
                role=Role(body["role"]),
                actor=get_actor(request),
                at=timezone.now(),
                reason=body["reason"],
            )
        status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
        return Response(_describe(member), status=status)

    def delete(self, request: Request, project_id: str, username: str) -> Response:
        """Remove them; 409 for the last admin."""
        read_query(NoQuery, request)
        project = find_project(code=project_id, user=request.user)
        with transaction.atomic():
            _check_if_match(request, project, username)
            remove_member(
                project=project,
                username=username,
                actor=get_actor(request),
                at=timezone.now(),
                reason="",
            )
        return Response(status=HTTPStatus.NO_CONTENT)


def _check_if_match(request: Request, project: Project, username: str) -> None:
    """Lock the project; 412 when If-Match is about another state."""
    lock_project(project_id=project.pk)
    found = find_member(project=project, username=username, actor=get_actor(request))
    check_unmoved(request, None if found is None else _describe(found))


def _describe(member: Membership) -> dict[str, Any]:
    return {"username": member.user.get_username(), "role": member.role}
