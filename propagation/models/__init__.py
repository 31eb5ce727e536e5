"""Runs, their batches and items, the events that they leave, and who is told of them."""

from propagation.models.access_token import AccessToken, Scope
from propagation.models.audit import AuditEntry
from propagation.models.conflict import (
    Conflict,
    ConflictStatus,
    ConflictType,
    Severity,
    Subject,
)
from propagation.models.edit_lease import EditLease, LeaseMode
from propagation.models.event import Event, EventCounter, LogReader, ToldProgress
from propagation.models.idempotency_key import IdempotencyKey
from propagation.models.job import ExternalJob, JobState
from propagation.models.notice import Notification, Reason
from propagation.models.notice_inbox import Inbox
from propagation.models.notice_preference import Mail, NoticePreference
from propagation.models.notice_subscription import (
    Subscription,
    SubscriptionMode,
    SubscriptionOrigin,
)
from propagation.models.rule import PropagationRule, RuleAction
from propagation.models.run import PropagationRun, RunKind, RunMode, RunSource, RunStatus
from propagation.models.socket_ticket import SocketTicket
from propagation.models.stored_plan import StoredPlan
from propagation.models.webhook import DeliveryState, Webhook, WebhookAttempt, WebhookDelivery
from propagation.models.work import ItemState, PropagationBatch, PropagationItem

__all__ = [
    "AccessToken",
    "AuditEntry",
    "Conflict",
    "ConflictStatus",
    "ConflictType",
    "DeliveryState",
    "EditLease",
    "Event",
    "EventCounter",
    "ExternalJob",
    "IdempotencyKey",
    "Inbox",
    "ItemState",
    "JobState",
    "LeaseMode",
    "LogReader",
    "Mail",
    "NoticePreference",
    "Notification",
    "PropagationBatch",
    "PropagationItem",
    "PropagationRule",
    "PropagationRun",
    "Reason",
    "RuleAction",
    "RunKind",
    "RunMode",
    "RunSource",
    "RunStatus",
    "Scope",
    "Severity",
    "SocketTicket",
    "StoredPlan",
    "Subject",
    "Subscription",
    "SubscriptionMode",
    "SubscriptionOrigin",
    "ToldProgress",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
]
