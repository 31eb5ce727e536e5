"""How the installation is, for those who run it: what answers, what waits, what failed."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet

from assets.models import Project, Role
from assets.services.access import find_projects
from propagation.execution.outdated import select_last
from propagation.models import (
    Conflict,
    ConflictStatus,
    DeliveryState,
    ItemState,
    PropagationItem,
    WebhookDelivery,
)
from propagation.services.queues import read_queues

LATE_EVENTS = 1000
"""Events that the courier may be behind before somebody should look."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One thing to know. state: ok, attention or down; page: where more of it is."""

    name: str
    state: str
    text: str
    page: str = ""
    query: str = ""


def find_failed_items(*, user: User) -> QuerySet[PropagationItem]:
    """Return the items that failed in the end, and that no later run made good."""
    projects = Project.objects.visible_to(user)
    failed = select_last([ItemState.FAILED])
    rows: QuerySet[PropagationItem] = PropagationItem.objects.filter(
        failed, run__project__in=projects
    )
    return rows


def find_failed_deliveries(*, user: User) -> QuerySet[WebhookDelivery]:
    """Return the messages to webhooks that were given up, of projects whose admin the user is."""
    own = find_projects(actor=user, needed=Role.ADMIN)
    rows: QuerySet[WebhookDelivery] = WebhookDelivery.objects.filter(
        state=DeliveryState.FAILED, webhook__project__in=own
    )
    return rows


def read_health(*, user: User, at: datetime) -> list[Card]:
    """Return the cards of what the user may see; a constant number of statements."""
    queues = read_queues(at=at)
    return [
        _read_database(),
        *_read_broker(queues),
        _read_event_lag(queues["readers"]),
        *_read_work(user),
    ]


def _read_database() -> Card:
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    took_ms = 1000 * (time.perf_counter() - started)
    return Card(name="Database", state="ok", text=f"{connection.display_name}, {took_ms:.1f} ms")


def _read_broker(queues: dict[str, Any]) -> list[Card]:
    if not queues["is_reachable"]:
        return [Card(name="Broker", state="down", text="Redis does not answer", page="queues-page")]
    waiting = sum(lane["queued"] for lane in queues["lanes"].values())
    cards = [Card(name="Broker", state="ok", text=f"waiting {waiting}", page="queues-page")]
    cards += [
        Card(
            name=f"Lane {name}",
            state="ok" if lane["workers"] else "down",
            text=f"workers {lane['workers']}, waiting {lane['queued']}",
            page="queues-page",
        )
        for name, lane in queues["lanes"].items()
    ]
    return [*cards, *_read_processes(queues["processes"])]


def _read_processes(processes: dict[str, int]) -> list[Card]:
    return [
        Card(
            name=kind.capitalize(),
            state="ok" if count else "down",
            text=f"{count} at work" if count else "none is at work",
        )
        for kind, count in processes.items()
    ]


def _read_event_lag(readers: dict[str, dict[str, Any]]) -> Card:
    behind = max((one["behind"] for one in readers.values()), default=0)
    state = "attention" if behind > LATE_EVENTS else "ok"
    return Card(name="Event lag", state=state, text=f"{behind} events behind")


def _read_work(user: User) -> list[Card]:
    projects = Project.objects.visible_to(user)
    conflicts = Conflict.objects.filter(project__in=projects, status=ConflictStatus.OPEN)
    held = PropagationItem.objects.filter(run__project__in=projects, state=ItemState.HELD)
    found = [
        ("Failed items", find_failed_items(user=user).count(), "dead-letters", ""),
        ("Failed deliveries", find_failed_deliveries(user=user).count(), "dead-letters", ""),
        (
            *("Open conflicts", conflicts.count()),
            *("admin:propagation_conflict_changelist", "status__exact=open"),
        ),
        (
            *("Holds", held.count()),
            *("admin:propagation_propagationitem_changelist", "state__exact=held"),
        ),
    ]
    return [
        Card(
            name=name,
            state="attention" if count else "ok",
            text=str(count),
            page=page,
            query=query,
        )
        for name, count, page, query in found
    ]
