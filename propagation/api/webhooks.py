"""Webhooks of a project, and their secrets; by its admins."""

from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.services.lookup import find_project
from propagation.api.conditional import GuardedView, check_unmoved
from propagation.api.paging import ListView
from propagation.api.shapes import people as shapes
from propagation.api.strict import (
    NoBody,
    NoQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.models import Webhook
from propagation.models.webhook import URL_LENGTH
from propagation.services.edit_webhooks import (
    change_webhook,
    create_webhook,
    delete_webhook,
    find_webhook,
    list_webhooks,
    rotate_secret,
)
from propagation.webhooks.catalogue import MessageType


class ChangedBody(StrictSerializer):
    """What to say about a webhook; what is left out stays as it is."""

    url = serializers.CharField(required=False, max_length=URL_LENGTH, trim_whitespace=False)
    types = serializers.ListField(
        child=serializers.ChoiceField([one.value for one in MessageType]),
        required=False,
        max_length=100,
    )
    description = serializers.CharField(required=False, allow_blank=True, max_length=200)
    is_enabled = serializers.BooleanField(required=False)


class NewBody(ChangedBody):
    """A new webhook has to lead somewhere."""

    url = serializers.CharField(max_length=URL_LENGTH, trim_whitespace=False)


class WebhooksView(ListView):
    """The webhooks of a project."""

    row = shapes.Webhook

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of them; never their secrets."""
        project = find_project(code=project_id, user=request.user)
        rows = list_webhooks(project=project, actor=get_actor(request))
        return self.answer_page(rows, _describe)

    def post(self, request: Request, project_id: str) -> Response:
        """Create one: 201 with its secret, which no other answer but a rotation's has.

        Without an Idempotency-Key, because what was answered to that is kept.
        """
        read_query(NoQuery, request)
        values = read_body(NewBody, request)
        project = find_project(code=project_id, user=request.user)
        webhook = create_webhook(
            project=project, values=values, actor=get_actor(request), at=timezone.now()
        )
        answer = {**_describe(webhook), "secret": webhook.secret}
        response = Response(answer, status=HTTPStatus.CREATED)
        response["Location"] = f"/api/v1/webhooks/{webhook.pk}"
        return response


class WebhookView(GuardedView):
    """One webhook."""

    guarded = ("PATCH", "DELETE")

    def get(self, request: Request, webhook_id: int) -> Response:
        """Answer it, without its secret."""
        read_query(NoQuery, request)
        return Response(_describe(find_webhook(pk=webhook_id, actor=get_actor(request))))

    def patch(self, request: Request, webhook_id: int) -> Response:
        """Change what the body names: 200 with the webhook as it is now."""
        read_query(NoQuery, request)
        values = read_body(ChangedBody, request)
        actor = get_actor(request)
        with transaction.atomic():
            webhook = find_webhook(pk=webhook_id, actor=actor, locked=True)
            check_unmoved(request, _describe(webhook))
            webhook = change_webhook(pk=webhook_id, values=values, actor=actor, at=timezone.now())
        return Response(_describe(webhook))

    def delete(self, request: Request, webhook_id: int) -> Response:
        """Delete it, with its deliveries."""
        read_query(NoQuery, request)
        actor = get_actor(request)
        with transaction.atomic():
            webhook = find_webhook(pk=webhook_id, actor=actor, locked=True)
            check_unmoved(request, _describe(webhook))
            delete_webhook(pk=webhook_id, actor=actor)
        return Response(status=HTTPStatus.NO_CONTENT)


class RotateView(APIView):
    """A new secret for a webhook."""

    def post(self, request: Request, webhook_id: int) -> Response:
        """Answer it; the one before signs as well until `previous_secret_until`."""
        read_query(NoQuery, request)
        read_body(NoBody, request)
        webhook = rotate_secret(pk=webhook_id, actor=get_actor(request), at=timezone.now())
        return Response({**_describe(webhook), "secret": webhook.secret})


def _describe(webhook: Webhook) -> dict[str, Any]:
    creator = webhook.created_by
    return {
        "id": webhook.pk,
        "project_id": webhook.project.code,
        "url": webhook.url,
        "types": webhook.types,
        "description": webhook.description,
        "is_enabled": webhook.is_enabled,
        "disabled_at": webhook.disabled_at,
        "disabled_reason": webhook.disabled_reason,
        "previous_secret_until": webhook.previous_until,
        "created_by": creator.username if creator else None,
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
        "deliveries_url": f"/api/v1/webhooks/{webhook.pk}/deliveries",
    }
