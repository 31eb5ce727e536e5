"""One's own tokens: list them, make one, revoke it."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Project
from assets.services.lookup import find_project
from propagation.api.authentication import find_token
from propagation.api.strict import (
    CodeField,
    NoQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.models import AccessToken, Scope
from propagation.models.access_token import NAME_LENGTH
from propagation.services.access_tokens import (
    LIFE,
    LONGEST_LIFE,
    list_tokens,
    make_token,
    revoke_token,
)

MOST_PROJECTS = 100


class TokenBody(StrictSerializer):
    """What a token is for. projects: the only ones that it reaches; none named: all of one's."""

    name = serializers.CharField(max_length=NAME_LENGTH)
    scope = serializers.ChoiceField(Scope.choices, default=Scope.READ)
    expires_in_days = serializers.IntegerField(
        default=LIFE.days, min_value=1, max_value=LONGEST_LIFE.days
    )
    projects = serializers.ListField(
        child=CodeField(), default=None, allow_null=True, min_length=1, max_length=MOST_PROJECTS
    )


class TokensView(APIView):
    """One's tokens."""

    def get(self, request: Request) -> Response:
        """Answer all of them, newest first; a token is told of itself and of what it made."""
        read_query(NoQuery, request)
        rows = list_tokens(user=get_actor(request), seen_by=find_token(request))
        return Response({"data": [_describe(row) for row in rows]})

    def post(self, request: Request) -> Response:
        """Make one: 201 with its text, which no other answer has.

        Without an Idempotency-Key, because what was answered to that is kept.
        """
        read_query(NoQuery, request)
        body = read_body(TokenBody, request)
        user = get_actor(request)
        made = make_token(
            user=user,
            name=body["name"],
            scope=Scope(body["scope"]),
            life=timedelta(days=body["expires_in_days"]),
            projects=_find_projects(body["projects"], request),
            made_with=find_token(request),
            actor=user,
            at=timezone.now(),
        )
        response = Response(
            {**_describe(made.token), "token": made.text}, status=HTTPStatus.CREATED
        )
        response["Location"] = f"/api/v1/me/tokens/{made.token.code}"
        response["Cache-Control"] = "no-store"
        return response


class TokenView(APIView):
    """One token."""

    def delete(self, request: Request, code: str) -> Response:
        """Revoke it, and what was made with it."""
        read_query(NoQuery, request)
        revoke_token(
            code=code,
            user=get_actor(request),
            seen_by=find_token(request),
            at=timezone.now(),
        )
        return Response(status=HTTPStatus.NO_CONTENT)


def _find_projects(codes: list[str] | None, request: Request) -> list[Project] | None:
    if codes is None:
        return None
    return [find_project(code=code, user=request.user) for code in dict.fromkeys(codes)]


def _describe(token: AccessToken) -> dict[str, Any]:
    codes = sorted(project.code for project in token.projects.all())
    return {
        "id": token.code,
        "name": token.name,
        "scope": token.scope,
        "projects": codes if token.is_confined else None,
        "created_at": token.created,
        "expires_at": token.expiry,
        "last_used_at": token.last_used_at,
    }
