"""Runs, their batches and items, and the events that they leave."""

from propagation.models.event import Event, EventCounter
from propagation.models.run import PropagationRun, RunKind, RunMode, RunSource, RunStatus
from propagation.models.work import ItemState, PropagationBatch, PropagationItem

__all__ = [
    "Event",
    "EventCounter",
    "ItemState",
    "PropagationBatch",
    "PropagationItem",
    "PropagationRun",
    "RunKind",
    "RunMode",
    "RunSource",
    "RunStatus",
]
