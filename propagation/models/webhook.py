"""Webhooks: who outside is told of what happens in a project, and what became of each message."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from assets.models import Project
from assets.models.json_text import JSONTextField

URL_LENGTH = 2000
SECRETS = ("secret", "previous_secret", "previous_until")


class Webhook(models.Model):
    """An address outside that is told of what happens in a project.

    One that is disabled gets nothing: what waited for it is cancelled. Written by
    `propagation.services.edit_webhooks`; `propagation.webhooks.store` disables it, and holds it
    back for as long as its receiver asks.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=URL_LENGTH)
    types = JSONTextField(default=list, help_text="The types that it is told of; none: all.")
    description = models.CharField(max_length=200, blank=True, default="")
    secret = models.CharField(max_length=100, help_text="Signs what is sent.")
    previous_secret = models.CharField(
        max_length=100, blank=True, default="", help_text="Signs as well, for a while."
    )
    previous_until = models.DateTimeField(null=True)
    is_enabled = models.BooleanField(default=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=200, blank=True, default="")
    after_seq = models.BigIntegerField(
        default=0, help_text="Events up to this one were before its time."
    )
    held_until = models.DateTimeField(
        null=True, help_text="Its receiver asked for nothing before this."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects: Any = models.Manager()
    # Whoever may read the history may not sign in our name.
    history = HistoricalRecords(excluded_fields=[*SECRETS, "after_seq", "held_until"])

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_enabled=True, disabled_at=None)
                | Q(is_enabled=False, disabled_at__isnull=False),
                name="webhook_is_disabled_exactly_since_it_was",
            ),
        ]

    def __str__(self) -> str:
        return f"webhook {self.pk} of {self.project.code}"


class DeliveryState(models.TextChoices):
    """What became of a message; a replay makes any of the last three pending again."""

    PENDING = "pending", "pending: it is sent when its time comes"
    DELIVERED = "delivered", "delivered: the receiver took it"
    FAILED = "failed", "failed: it is not tried any more"
    CANCELLED = "cancelled", "cancelled: its webhook was disabled"


class WebhookDelivery(models.Model):
    """One message to one webhook, until it was delivered or given up.

    `next_at` is when it is sent next. Whoever sends it moves that ahead before, so that nobody
    else does meanwhile, and that it comes again when the sender died. Written by
    `propagation.webhooks` and `propagation.services.send_webhooks`.
    """

    webhook = models.ForeignKey(
        Webhook,
        models.CASCADE,
        related_name="deliveries",
        db_index=False,  # the first index below begins with it
    )
    message_id = models.CharField(
        max_length=64, unique=True, help_text="The same however often it is sent."
    )
    type = models.CharField(max_length=64)
    event_seq = models.BigIntegerField(null=True, help_text="Null: a test.")
    body = models.TextField(help_text="Exactly as it is signed.")
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was sent since it was queued, or replayed."
    )
    next_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(help_text="When it was queued, or replayed.")
    created_at = models.DateTimeField(db_index=True)  # the scheduler deletes those that are old
    delivered_at = models.DateTimeField(null=True)

    objects: Any = models.Manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ["-pk"]
        constraints = [
            # Whoever reads the log twice, from a backup, say, sends nothing twice.
            models.UniqueConstraint(
                fields=["webhook", "event_seq"], name="one_delivery_per_webhook_and_event"
            ),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values), name="delivery_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state="pending", next_at__isnull=False)
                | Q(state__in=["delivered", "failed", "cancelled"], next_at=None),
                name="delivery_has_a_next_time_exactly_while_it_is_pending",
            ),
        ]
        indexes = [
            # The list of a webhook, newest first.
            models.Index(fields=["webhook", "id"], name="deliveries_of_a_webhook"),
            # The courier asks twice a second which is the first due of each webhook.
            models.Index(
                fields=["webhook", "next_at", "id"],
                name="due_deliveries",
                condition=Q(state="pending"),
            ),
        ]

    def __str__(self) -> str:
        return self.message_id


class WebhookAttempt(models.Model):
    """One time that a message was sent, and what was answered. Append-only."""

    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="log")
    at = models.DateTimeField()
    status_code = models.PositiveSmallIntegerField(null=True, help_text="Null: no answer came.")
    error = models.CharField(max_length=500, blank=True, default="")
    duration_ms = models.PositiveIntegerField()
    response = models.TextField(blank=True, default="", help_text="Its first kilobyte.")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.delivery} at {self.at:%Y-%m-%d %H:%M:%S}"
