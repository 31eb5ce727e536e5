"""What one watches and mutes. A topic is one segment of the path, percent-encoded."""

from http import HTTPStatus
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.services.lookup import find_project
from propagation.api.paging import ListView, PageQuery
from propagation.api.shapes import people as shapes
from propagation.api.strict import (
    CodeField,
    NoQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.models import Subscription, SubscriptionMode
from propagation.services.edit_subscriptions import (
    find_subscription,
    list_subscriptions,
    save_subscription,
)
from propagation.services.topics import find_subject


class SubscriptionsQuery(PageQuery):
    """Which subscriptions to list."""

    project = CodeField(default=None)
    mode = serializers.ChoiceField(["watch", "mute"], default=None)


class SubscriptionBody(StrictSerializer):
    """What one wants to hear of the topic."""

    mode = serializers.ChoiceField(SubscriptionMode.choices)


class SubscriptionsView(ListView):
    """What one watches and mutes."""

    row = shapes.Subscription

    def get(self, request: Request) -> Response:
        """Answer a page of it."""
        query = read_query(SubscriptionsQuery, request)
        code = query["project"]
        project = None if code is None else find_project(code=code, user=request.user)
        rows = list_subscriptions(user=get_actor(request), project=project)
        if query["mode"]:
            rows = rows.filter(mode=query["mode"])
        return self.answer_page(rows, lambda row: _describe(row.topic, row), wanted=query)


class SubscriptionView(APIView):
    """What one said of one topic."""

    def get(self, request: Request, topic: str) -> Response:
        """Answer it; mode `none` where one never said anything."""
        read_query(NoQuery, request)
        found = find_subject(topic=topic, user=get_actor(request))
        row = find_subscription(user=get_actor(request), subject=found.subject)
        return Response(_describe(found.name, row))

    def put(self, request: Request, topic: str) -> Response:
        """Watch or mute it, or neither."""
        read_query(NoQuery, request)
        body = read_body(SubscriptionBody, request)
        found = find_subject(topic=topic, user=get_actor(request))
        row = save_subscription(
            user=get_actor(request),
            subject=found.subject,
            mode=SubscriptionMode(body["mode"]),
            at=timezone.now(),
        )
        return Response(_describe(found.name, row))

    def delete(self, request: Request, topic: str) -> Response:
        """Neither watch nor mute it any more; one's edits do not change that."""
        read_query(NoQuery, request)
        user = get_actor(request)
        found = find_subject(topic=topic, user=user)
        save_subscription(
            user=user, subject=found.subject, mode=SubscriptionMode.NONE, at=timezone.now()
        )
        return Response(status=HTTPStatus.NO_CONTENT)


def _describe(topic: str, row: Subscription | None) -> dict[str, Any]:
    return {
        "topic": topic,
        "mode": row.mode if row else SubscriptionMode.NONE,
        "origin": row.origin if row else None,
        "created_at": row.created_at if row else None,
    }
