"""Runs, their batches and items, and the events that they leave."""

from propagation.models.conflict import (
    Conflict,
    ConflictStatus,
    ConflictType,
    Severity,
    Subject,
)
from propagation.models.edit_lease import EditLease
from propagation.models.event import Event, EventCounter
from propagation.models.idempotency_key import IdempotencyKey
from propagation.models.job import ExternalJob, JobState
from propagation.models.rule import PropagationRule, RuleAction
from propagation.models.run import PropagationRun, RunKind, RunMode, RunSource, RunStatus
from propagation.models.stored_plan import StoredPlan
from propagation.models.work import ItemState, PropagationBatch, PropagationItem

__all__ = [
    "Conflict",
    "ConflictStatus",
    "ConflictType",
    "EditLease",
    "Event",
    "EventCounter",
    "ExternalJob",
    "IdempotencyKey",
    "ItemState",
    "JobState",
    "PropagationBatch",
    "PropagationItem",
    "PropagationRule",
    "PropagationRun",
    "RuleAction",
    "RunKind",
    "RunMode",
    "RunSource",
    "RunStatus",
    "Severity",
    "StoredPlan",
    "Subject",
]
