"""Messages to a webhook that somebody asks for, and what became of all of them."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from assets.setwise import delete_rows, select_ids
from propagation.exceptions import DeliveryNotFoundError, WebhookDisabledError
from propagation.models import DeliveryState, Webhook, WebhookAttempt, WebhookDelivery
from propagation.services.edit_webhooks import find_webhook
from propagation.webhooks.catalogue import API, TEST_TYPE, Message, write_body
from propagation.webhooks.store import make_delivery

FORGOTTEN_AT_ONCE = 1000
"""Deliveries that one transaction deletes: the courier waits for it on SQLite."""


@transaction.atomic
def send_test(*, pk: int, actor: User | None, at: datetime) -> WebhookDelivery:
    """Queue a message that says nothing; it is sent once, and never disables its webhook.

    WebhookNotFoundError, RoleTooLowError, WebhookDisabledError.
    """
    webhook = _lock_enabled(pk, actor)
    data = {
        "project_id": webhook.project.code,
        "webhook_id": webhook.pk,
        "url": f"{API}/webhooks/{webhook.pk}",
    }
    body = write_body(kind=TEST_TYPE, at=at, data=data)
    message = Message(type=TEST_TYPE, body=body)
    delivery = make_delivery(webhook=webhook, message=message, event_seq=None, at=at)
    delivery.save()
    return delivery


@transaction.atomic
def replay_delivery(
    *, pk: int, message_id: str, actor: User | None, at: datetime
) -> WebhookDelivery:
    """Send a message again now, whatever became of it: the same id and body, a new schedule.

    Errors as in send_test, and DeliveryNotFoundError.
    """
    webhook = _lock_enabled(pk, actor)
    rows = WebhookDelivery.objects.select_for_update(no_key=True).filter(webhook=webhook)
    delivery: WebhookDelivery | None = rows.filter(message_id=message_id).first()
    if delivery is None:
        raise DeliveryNotFoundError
    delivery.state, delivery.attempts, delivery.delivered_at = DeliveryState.PENDING, 0, None
    delivery.next_at = delivery.queued_at = at
    delivery.save(update_fields=["state", "attempts", "delivered_at", "next_at", "queued_at"])
    return delivery


def list_deliveries(*, pk: int, actor: User | None) -> QuerySet[WebhookDelivery]:
    """Return those of a webhook. WebhookNotFoundError, RoleTooLowError."""
    webhook = find_webhook(pk=pk, actor=actor)
    rows: QuerySet[WebhookDelivery] = WebhookDelivery.objects.filter(webhook=webhook)
    return rows


def find_delivery(*, pk: int, message_id: str, actor: User | None) -> WebhookDelivery:
    """Return one, with its log. Errors as in list_deliveries, and DeliveryNotFoundError."""
    rows = list_deliveries(pk=pk, actor=actor).prefetch_related("log")
    found = rows.filter(message_id=message_id).first()
    if found is None:
        raise DeliveryNotFoundError
    return found


def forget_deliveries(*, at: datetime) -> int:
    """Delete those that are over and older than the setting says, with their log; return how many.

    A part of them at a time; the scheduler comes again.
    """
    until = at - timedelta(days=settings.WEBHOOK_DELIVERIES_KEPT_DAYS)
    old = WebhookDelivery.objects.filter(created_at__lt=until).exclude(state=DeliveryState.PENDING)
    pks = list(old.order_by("created_at").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    if not pks:
        return 0
    with transaction.atomic():
        # One that is being replayed at this moment stays: its row is locked, or pending.
        rows = WebhookDelivery.objects.select_for_update(skip_locked=True)
        over = rows.filter(pk__in=select_ids(pks)).exclude(state=DeliveryState.PENDING)
        gone = list(over.values_list("pk", flat=True))
        WebhookAttempt.objects.filter(delivery__in=select_ids(gone)).delete()
        delete_rows(model=WebhookDelivery, ids=gone)
    return len(gone)


def _lock_enabled(pk: int, actor: User | None) -> Webhook:
    webhook = find_webhook(pk=pk, actor=actor, locked=True)
    if not webhook.is_enabled:
        raise WebhookDisabledError
    return webhook
