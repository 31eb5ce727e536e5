"""One's inbox: what one was told, newest first, and what of it is read."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.services.lookup import find_project
from propagation.api.paging import ListView, PageQuery, take_recent_page
from propagation.api.runs import MAX_RUN_ID, find_run
from propagation.api.shapes import people as shapes
from propagation.api.strict import (
    CodeField,
    NoQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.models import Notification, Reason
from propagation.notices.wording import say_what, say_why
from propagation.services.mark_notices import (
    NoticeFilter,
    count_unread,
    find_notices,
    mark_notices,
)

STATES = {"all": None, "unread": False, "read": True}


class NoticesQuery(PageQuery):
    """Which notifications to list."""

    state = serializers.ChoiceField(list(STATES), default="all")
    project = CodeField(default=None)
    run = serializers.IntegerField(default=None, min_value=1, max_value=MAX_RUN_ID)
    reason = serializers.ChoiceField(Reason.choices, default=None)


class MarkBody(StrictSerializer):
    """Which notifications are meant: what is named has to hold together; or all of them."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_RUN_ID),
        default=None,
        allow_null=True,
        max_length=10_000,
    )
    project = CodeField(default=None, allow_null=True)
    run = serializers.IntegerField(default=None, allow_null=True, min_value=1, max_value=MAX_RUN_ID)
    reason = serializers.ChoiceField(Reason.choices, default=None, allow_null=True)
    all = serializers.BooleanField(default=False)
    until = serializers.DateTimeField(default=None, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what names nothing: that is no way to say all."""
        named = [attrs[name] is not None for name in ("ids", "project", "run", "reason")]
        if any(named) == attrs["all"]:
            detail = "Name the notifications by ids, project, run or reason, or say all."
            raise serializers.ValidationError(detail)
        return attrs


class NotificationsView(ListView):
    """What one was told."""

    row = shapes.Notification

    def get(self, request: Request) -> Response:
        """Answer a page of it, and how many are unread in all."""
        query = read_query(NoticesQuery, request)
        user = get_actor(request)
        rows = find_notices(user=user, wanted=_read_filter(query, request))
        rows = rows.select_related("project", "entity")
        page, following = take_recent_page(rows, query)
        response = self.answer_rows([_describe(row) for row in page], following, query, rows.count)
        response.data["unread"] = count_unread(user=user)
        return response


class MarkView(APIView):
    """What is read, and what is not."""

    is_read = True

    def post(self, request: Request) -> Response:
        """Mark what is meant, and answer how many that changed."""
        read_query(NoQuery, request)
        body = read_body(MarkBody, request)
        marked = mark_notices(
            user=get_actor(request),
            wanted=_read_filter(body, request),
            is_read=self.is_read,
            at=timezone.now(),
        )
        return Response({"changed": marked.changed, "unread": marked.unread})


def _read_filter(given: dict[str, Any], request: Request) -> NoticeFilter:
    code, run_id, reason = given["project"], given["run"], given["reason"]
    return NoticeFilter(
        ids=given.get("ids"),
        project=None if code is None else find_project(code=code, user=request.user),
        run=None if run_id is None else find_run(run_id, request),
        reason=None if reason is None else Reason(reason),
        is_read=STATES[given.get("state", "all")],
        until=given.get("until"),
    )


def _describe(row: Notification) -> dict[str, Any]:
    code = row.entity.code if row.entity else None
    return {
        "id": row.pk,
        "project_id": row.project.code,
        "run_id": row.run_id,
        "conflict_id": row.conflict_id,
        "what": say_what(row.facts),
        "reason": row.reason,
        "why": say_why(reason=Reason(row.reason), code=code, also=row.also),
        "asset_id": code,
        "also": row.also,
        "facts": row.facts,
        "is_read": row.read_at is not None,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
