"""The rows of deliveries: queue them, claim what is due, record what came of it."""

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import OuterRef, Q, Subquery

from assets.services.history import credit
from assets.setwise import insert_rows
from propagation.models import DeliveryState, Webhook, WebhookAttempt, WebhookDelivery
from propagation.webhooks.catalogue import Message
from propagation.webhooks.schedule import find_next, read_retry_after
from propagation.webhooks.sending import TIMEOUT_S, Answer, Letter
from propagation.webhooks.signing import sign_message

LEASE_S = 4 * TIMEOUT_S
"""Whoever claimed a delivery this long ago, and recorded nothing, is dead: it is sent again."""
GONE = 410
COLUMNS = (
    "message_id",
    "type",
    "event_seq",
    "body",
    "state",
    "attempts",
    "next_at",
    "queued_at",
    "created_at",
    "delivered_at",
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A delivery that this process sends now, and nobody else until `leased_until`."""

    delivery_id: int
    webhook_id: int
    letter: Letter
    leased_until: datetime


def make_delivery(
    *, webhook: Webhook, message: Message, event_seq: int | None, at: datetime
) -> WebhookDelivery:
    """Return a delivery that is due, not stored yet."""
    return WebhookDelivery(
        webhook=webhook,
        message_id=f"msg_{uuid4().hex}",
        type=message.type,
        event_seq=event_seq,
        body=message.body,
        next_at=at,
        queued_at=at,
        created_at=at,
    )


def find_due(*, at: datetime, without: Collection[int]) -> dict[int, int]:
    """Return the first due delivery of each webhook but these, by the webhook's id.

    One statement, which reads one entry of an index per webhook, however much waits.
    """
    due = WebhookDelivery.objects.filter(
        webhook=OuterRef("pk"), state=DeliveryState.PENDING, next_at__lte=at
    ).order_by("next_at", "pk")
    is_free = Q(held_until=None) | Q(held_until__lte=at)
    webhooks = Webhook.objects.filter(is_free, is_enabled=True).exclude(pk__in=without)
    firsts = webhooks.annotate(due=Subquery(due.values("pk")[:1])).filter(due__isnull=False)
    return dict(firsts.values_list("pk", "due"))


@transaction.atomic
def claim_deliveries(*, pks: Collection[int], at: datetime) -> list[Claim]:
    """Claim those that are still due, by moving the time at which they are sent next."""
    rows = WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
    due = rows.filter(pk__in=pks, state=DeliveryState.PENDING, next_at__lte=at)
    found = list(due.select_related("webhook").order_by("next_at", "pk"))
    leased_until = at + timedelta(seconds=LEASE_S)
    WebhookDelivery.objects.filter(pk__in=[one.pk for one in found]).update(next_at=leased_until)
    return [
        Claim(
            delivery_id=one.pk,
            webhook_id=one.webhook_id,
            letter=_sign(one, at),
            leased_until=leased_until,
        )
        for one in found
    ]


@transaction.atomic
def record_answer(*, claim: Claim, answer: Answer, at: datetime) -> None:
    """Write down what came of a claim, and when the delivery comes again, if it does.

    A success counts whoever else claimed the delivery meanwhile; a failure only while the lease
    holds, so that the attempt of somebody else is not counted for them.
    """
    # The webhook before its deliveries, as whoever disables it locks them.
    webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=claim.webhook_id).first()
    row = WebhookDelivery.objects.select_for_update(no_key=True).filter(pk=claim.delivery_id)
    delivery = row.first()
    if webhook is None or delivery is None:
        return  # somebody deleted it while it was on its way
    WebhookAttempt.objects.create(
        delivery=delivery,
        at=at,
        status_code=answer.status,
        error=answer.error,
        duration_ms=answer.duration_ms,
        response=answer.text,
    )
    is_ours = delivery.next_at == claim.leased_until
    if answer.is_success and delivery.state != DeliveryState.DELIVERED:
        _end(delivery, DeliveryState.DELIVERED, at)
    elif is_ours:
        _go_on(webhook, delivery, answer, at)


def disable_webhook(
    *, webhook: Webhook, reason: str, at: datetime, actor: User | None = None
) -> None:
    """Send nothing to it any more; what waits is cancelled. The caller holds the webhook's lock."""
    webhook.is_enabled, webhook.disabled_at, webhook.disabled_reason = False, at, reason
    webhook.updated_at = at
    credit(webhook, actor)
    webhook.save()
    waiting = WebhookDelivery.objects.filter(webhook=webhook, state=DeliveryState.PENDING)
    waiting.update(state=DeliveryState.CANCELLED, next_at=None)


def list_secrets(webhook: Webhook, *, at: datetime) -> list[str]:
    """Return the secrets that sign at this time, the newest first."""
    is_old_valid = webhook.previous_until is not None and at < webhook.previous_until
    return [webhook.secret, *([webhook.previous_secret] if is_old_valid else [])]


def insert_deliveries(deliveries: Iterable[WebhookDelivery]) -> None:
    """Store new ones, in one statement."""
    rows = [(one.webhook_id, *(getattr(one, name) for name in COLUMNS)) for one in deliveries]
    insert_rows(model=WebhookDelivery, columns=["webhook", *COLUMNS], rows=rows)


def _go_on(webhook: Webhook, delivery: WebhookDelivery, answer: Answer, at: datetime) -> None:
    """Plan the next attempt, or give up."""
    delivery.attempts += 1
    wanted = read_retry_after(status=answer.status or 0, header=answer.retry_after, at=at)
    if wanted is not None:
        webhook.held_until = max(wanted, webhook.held_until or wanted)
        # Not save(): this is no change that somebody made, and has no place in the history.
        Webhook.objects.filter(pk=webhook.pk).update(held_until=webhook.held_until)
    if answer.status == GONE:
        _end(delivery, DeliveryState.FAILED, None)
        disable_webhook(webhook=webhook, reason="The receiver answered 410 Gone.", at=at)
        return
    is_test = delivery.event_seq is None
    chance = random.random()  # noqa: S311 (spreads load, hides nothing)
    next_at = find_next(attempts=delivery.attempts, at=at, chance=chance, not_before=wanted)
    if next_at is not None and not is_test:
        delivery.next_at = next_at
        delivery.save(update_fields=["attempts", "next_at"])
        return
    _end(delivery, DeliveryState.FAILED, None)
    if not is_test and not _has_succeeded_since(webhook, delivery.queued_at):
        since = f"{delivery.queued_at:%Y-%m-%d %H:%M} UTC"
        disable_webhook(webhook=webhook, reason=f"Nothing was delivered since {since}.", at=at)


def _end(delivery: WebhookDelivery, state: DeliveryState, delivered_at: datetime | None) -> None:
    if state == DeliveryState.DELIVERED:
        delivery.attempts += 1
    delivery.state, delivery.next_at, delivery.delivered_at = state, None, delivered_at
    delivery.save(update_fields=["state", "next_at", "delivered_at", "attempts"])


def _has_succeeded_since(webhook: Webhook, since: datetime) -> bool:
    delivered = WebhookDelivery.objects.filter(webhook=webhook, state=DeliveryState.DELIVERED)
    return bool(delivered.filter(delivered_at__gte=since).exists())


def _sign(delivery: WebhookDelivery, at: datetime) -> Letter:
    webhook: Webhook = delivery.webhook
    headers = sign_message(
        message_id=delivery.message_id,
        body=delivery.body,
        secret_texts=list_secrets(webhook, at=at),
        at=at,
    )
    return Letter(url=webhook.url, headers=headers, body=delivery.body)
