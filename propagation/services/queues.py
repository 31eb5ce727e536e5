"""How the queues stand: what waits in each lane and for how long, who works, who is behind.

The rows say what waits, so that it is known without Redis too; Redis knows the messages and who
lives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest

from propagation.execution.ready import select_ready
from propagation.live.queues import Broker, read_broker
from propagation.live.reading import measure_lag
from propagation.live.workers import COURIER, SCHEDULER
from propagation.models import ItemState, PropagationBatch, PropagationItem, PropagationRun
from propagation.models.run import ACTIVE_STATUSES, WORKING_STATUSES
from propagation.notices.making import READER as NOTICES
from propagation.planning.eta import WINDOW_S
from propagation.webhooks.queueing import READER as WEBHOOKS

READERS = (NOTICES, WEBHOOKS)
"""Who acts on events after their commit: the jobs of the courier."""
NEWEST_RUNS = 1000
"""Beside those under way, the runs whose batches count for the rate of a lane."""


@dataclass(frozen=True, kw_only=True)
class LaneWork:
    """Items of a lane. oldest_s: how long its oldest step waits that nobody has begun; None: none.

    running: of batches that somebody works on. rate: items done per second, over WINDOW_S.
    """

    queued: int = 0
    running: int = 0
    oldest_s: float | None = None
    rate: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ReaderWork:
    """Events that a reader of the logs has not dealt with, and the seconds the oldest waits."""

    events: int
    oldest_s: float | None


@dataclass(frozen=True, kw_only=True)
class Work:
    """What the rows say. failed: items that need a person, in all runs."""

    lanes: Mapping[str, LaneWork]
    readers: Mapping[str, ReaderWork]
    failed: int


def read_work(*, at: datetime) -> Work:
    """Return what waits in all projects; seven statements."""
    return Work(
        lanes=_read_lanes(at),
        readers=read_readers(at=at),
        failed=PropagationItem.objects.filter(state=ItemState.FAILED).count(),
    )


def read_readers(*, at: datetime) -> dict[str, ReaderWork]:
    """Return how far each reader of the logs is behind; a statement each."""
    lags = {name: measure_lag(name) for name in READERS}
    return {
        name: ReaderWork(events=lag.events, oldest_s=_age(lag.since, at))
        for name, lag in lags.items()
    }


def read_queues(*, at: datetime) -> dict[str, Any]:
    """Return how the queues stand at this moment, as API, WebSocket and admin show it."""
    return describe_queues(work=read_work(at=at), broker=read_broker())


def describe_queues(*, work: Work, broker: Broker | None) -> dict[str, Any]:
    """Return what API, WebSocket and command show. broker None: what it knows is null."""
    messages: Mapping[str, int] = broker.messages if broker else {}
    living: Mapping[str, int] = broker.living if broker else {}
    return {
        "is_reachable": broker is not None,
        "lanes": {
            name: {
                "queued": lane.queued,
                "running": lane.running,
                "oldest_s": lane.oldest_s,
                "rate": lane.rate,
                "messages": messages.get(name),
                "workers": living.get(name),
            }
            for name, lane in work.lanes.items()
        },
        "processes": {kind: living.get(kind) for kind in (SCHEDULER, COURIER)},
        "readers": {
            name: {"behind": one.events, "oldest_s": one.oldest_s}
            for name, one in work.readers.items()
        },
        "failed": work.failed,
    }


def _read_lanes(at: datetime) -> dict[str, LaneWork]:
    left = F("size") - F("applied") - F("unchanged") - F("failed") - F("skipped")
    begun = Q(delivered_at__isnull=False)
    rows = (
        PropagationBatch.objects.filter(run__status__in=ACTIVE_STATUSES, done_at=None)
        .values("lane")
        .order_by("lane")
        .annotate(
            queued=Sum(left, filter=~begun, default=0), running=Sum(left, filter=begun, default=0)
        )
    )
    counts = {row["lane"]: (row["queued"], row["running"]) for row in rows}
    steps = _read_steps()
    rates = _read_rates(at)
    lanes = {}
    for lane in settings.LANES:
        queued, running = counts.get(lane, (0, 0))
        since = min((since for one, since in steps if one == lane), default=None)
        lanes[lane] = LaneWork(
            queued=queued,
            running=running,
            oldest_s=_age(since, at),
            rate=rates.get(lane, 0.0),
        )
    return lanes


def _read_steps() -> Sequence[tuple[str, datetime]]:
    """Return the lanes in which a step waits for a worker, each with the time since when.

    A step that was sent again waits since the one before it was done.
    """
    own = PropagationBatch.objects.filter(run=OuterRef("pk"))
    waiting = own.filter(step=OuterRef("step"), done_at=None, delivered_at=None)
    rows: Sequence[tuple[str, int, datetime | None, datetime]] = list(
        PropagationRun.objects.filter(Exists(select_ready(waiting)), status__in=WORKING_STATUSES)
        .annotate(
            lane=Subquery(waiting.values("lane")[:1]),
            ready_at=Greatest(
                "created_at",
                Coalesce(
                    Max("batches__done_at", filter=Q(batches__step__lt=F("step"))), "created_at"
                ),
            ),
        )
        .values_list("lane", "resends", "dispatched_at", "ready_at")
    )
    return [
        (lane, ready_at if resends or dispatched_at is None else dispatched_at)
        for lane, resends, dispatched_at, ready_at in rows
    ]


def _read_rates(at: datetime) -> dict[str, float]:
    """Return the items per second that each lane did lately; of runs long over none are read."""
    newest = PropagationRun.objects.aggregate(pk=Max("pk"))["pk"] or 0
    active = PropagationRun.objects.filter(status__in=ACTIVE_STATUSES).values("pk")
    rows: Any = (
        PropagationBatch.objects.filter(
            Q(run__gt=newest - NEWEST_RUNS) | Q(run__in=active),
            done_at__gt=at - timedelta(seconds=WINDOW_S),
        )
        .values("lane")
        .order_by("lane")
        .annotate(done=Sum(F("applied") + F("unchanged") + F("failed")))
    )
    return {row["lane"]: round(row["done"] / WINDOW_S, 2) for row in rows}


def _age(since: datetime | None, at: datetime) -> float | None:
    return None if since is None else round(max((at - since).total_seconds(), 0.0), 1)
