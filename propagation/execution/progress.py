"""How far a run is, lane by lane, and when it will be over; read from its few batches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Max, Q, Sum

from propagation.models import PropagationRun
from propagation.models.run import WORKING_STATUSES
from propagation.planning.eta import WINDOW_S, Pace, estimate_left

COUNTED = ("applied", "unchanged", "failed", "skipped")
"""What became of items, as batches count it."""


@dataclass(frozen=True, kw_only=True)
class LaneProgress:
    """What became of the items of a run in one lane.

    running: items of batches that somebody works on. rate: items per second lately, where known.
    """

    lane: str
    total: int
    applied: int
    unchanged: int
    failed: int
    skipped: int
    running: int = 0
    rate: float | None = None

    @property
    def done(self) -> int:
        """The items that are as they should be."""
        return self.applied + self.unchanged

    @property
    def processed(self) -> int:
        """The items that are over."""
        return self.done + self.failed + self.skipped

    def describe(self) -> dict[str, Any]:
        """Return the lane as people are told of it."""
        left = self.total - self.processed
        return {
            "total": self.total,
            "done": self.done,
            "failed": self.failed,
            "skipped": self.skipped,
            "running": min(self.running, left),
            "queued": max(left - self.running, 0),
            "rate": self.rate and round(self.rate, 1),
        }


@dataclass(frozen=True, kw_only=True)
class RunProgress:
    """How far a run is. eta: when it will be over; None while that cannot be told."""

    run_id: int
    status: str
    total: int
    lanes: Sequence[LaneProgress]
    eta: datetime | None = None

    @property
    def processed(self) -> int:
        """The items that are over."""
        return sum(lane.processed for lane in self.lanes)

    @property
    def percent(self) -> float:
        """How much of it is over; a run of nothing is."""
        return round(100 * self.processed / self.total, 1) if self.total else 100.0

    @property
    def counts(self) -> dict[str, int]:
        """What became of the items in all lanes."""
        return {name: sum(getattr(lane, name) for lane in self.lanes) for name in COUNTED}

    def describe(self) -> dict[str, Any]:
        """Return how far it is as people are told of it."""
        return {
            "progress": self.percent,
            "processed": self.processed,
            "total": self.total,
            "eta": self.eta,
            "counts": self.counts,
            "lanes": {lane.lane: lane.describe() for lane in self.lanes},
        }


def read_progress(run: PropagationRun) -> RunProgress:
    """Return how far the run is, in the order of the lanes; two statements.

    It depends on the rows alone: the pace is that of the last 20 s before a batch was last done,
    and the estimate counts from there.
    """
    last = run.batches.aggregate(last=Max("done_at"))["last"]
    since = last - timedelta(seconds=WINDOW_S) if last else run.created_at
    rows = _read_lanes(run, since)
    lanes, paces = [], []
    begun = run.created_at
    for name in filter(rows.__contains__, settings.LANES):
        row = rows[name]
        ended = row["ended"] or begun
        # Lanes go one after the other: this one began when the one before it ended.
        seconds = (ended - max(begun, since)).total_seconds()
        pace = Pace(left=row["left"], done=row["recent"], seconds=seconds)
        counts = {one: row[f"all_{one}"] for one in COUNTED}
        lanes.append(
            LaneProgress(
                lane=name, total=row["all"], running=row["begun"], rate=pace.rate, **counts
            )
        )
        paces.append(pace)
        begun = max(begun, ended)
    eta = None
    if last and run.status in WORKING_STATUSES:
        left_s = estimate_left(paces)
        eta = None if left_s is None else last + timedelta(seconds=left_s)
    return RunProgress(run_id=run.pk, status=run.status, total=run.total, lanes=lanes, eta=eta)


def _read_lanes(run: PropagationRun, since: datetime) -> dict[str, dict[str, Any]]:
    """Return the sums over each lane's batches, by lane."""
    worked = F("applied") + F("unchanged") + F("failed")  # not what was skipped: it took no time
    sums = {
        "all": Sum("size"),
        "begun": Sum("size", filter=Q(done_at=None, delivered_at__isnull=False), default=0),
        "left": Sum(F("size") - worked - F("skipped")),
        "recent": Sum(worked, filter=Q(done_at__gt=since), default=0),
        "ended": Max("done_at"),
        **{f"all_{name}": Sum(name) for name in COUNTED},
    }
    rows: Iterable[Any] = run.batches.order_by().values("lane").annotate(**sums)
    return {row["lane"]: row for row in rows}
