"""What was sent to a webhook and what became of it; tests and replays; by a project's admins."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from propagation.api.paging import ListView, PageQuery
from propagation.api.shapes import people as shapes
from propagation.api.strict import NoBody, NoQuery, get_actor, read_body, read_query
from propagation.api.work import WorkView
from propagation.models import DeliveryState, WebhookAttempt, WebhookDelivery
from propagation.services.send_webhooks import (
    find_delivery,
    list_deliveries,
    replay_delivery,
    send_test,
)
from propagation.webhooks.catalogue import TEST_TYPE, MessageType


class DeliveriesQuery(PageQuery):
    """Which deliveries to list."""

    state = serializers.ChoiceField(DeliveryState.choices, default=None)
    type = serializers.ChoiceField([*(one.value for one in MessageType), TEST_TYPE], default=None)


class DeliveriesView(ListView):
    """What was sent to a webhook, or waits to be."""

    row = shapes.Delivery

    def get(self, request: Request, webhook_id: int) -> Response:
        """Answer a page of it, newest first."""
        wanted = read_query(DeliveriesQuery, request)
        rows = list_deliveries(pk=webhook_id, actor=get_actor(request))
        for name in ("state", "type"):
            if wanted[name] is not None:
                rows = rows.filter(**{name: wanted[name]})
        rows = rows.defer("body")
        return self.answer_page(rows, _describe, wanted=wanted, is_descending=True)


class DeliveryView(APIView):
    """One message to a webhook."""

    def get(self, request: Request, webhook_id: int, message_id: str) -> Response:
        """Answer it with its body, exactly as it is signed, and every time that it was sent."""
        read_query(NoQuery, request)
        delivery = find_delivery(pk=webhook_id, message_id=message_id, actor=get_actor(request))
        log = [_describe_attempt(one) for one in delivery.log.all()]
        return Response({**_describe(delivery), "body": delivery.body, "log": log})


class TestView(WorkView):
    """A message that somebody asks for."""

    def work(self, request: Request, webhook_id: int) -> Response:
        """Queue it: 202 with the delivery."""
        read_query(NoQuery, request)
        read_body(NoBody, request)
        queued = send_test(pk=webhook_id, actor=get_actor(request), at=timezone.now())
        return _answer_queued(queued)


class ReplayView(WorkView):
    """A message once more."""

    def work(self, request: Request, webhook_id: int, message_id: str) -> Response:
        """Queue it, by the id that it had: 202 with the delivery."""
        read_query(NoQuery, request)
        read_body(NoBody, request)
        queued = replay_delivery(
            pk=webhook_id, message_id=message_id, actor=get_actor(request), at=timezone.now()
        )
        return _answer_queued(queued)


def _answer_queued(delivery: WebhookDelivery) -> Response:
    described = _describe(delivery)
    response = Response(described, status=HTTPStatus.ACCEPTED)
    response["Location"] = described["url"]
    return response


def _describe(delivery: WebhookDelivery) -> dict[str, Any]:
    webhook_id = delivery.webhook_id
    return {
        "id": delivery.message_id,
        "webhook_id": webhook_id,
        "type": delivery.type,
        "seq": delivery.event_seq,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_at": delivery.next_at,
        "created_at": delivery.created_at,
        "delivered_at": delivery.delivered_at,
        "url": f"/api/v1/webhooks/{webhook_id}/deliveries/{delivery.message_id}",
    }


def _describe_attempt(attempt: WebhookAttempt) -> Mapping[str, Any]:
    return {
        "at": attempt.at,
        "status_code": attempt.status_code,
        "error": attempt.error,
        "duration_ms": attempt.duration_ms,
        "response": attempt.response,
    }
