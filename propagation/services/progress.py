"""How far a run is: as a value, and as the document that API and commands show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Sum

from propagation.models import ItemState, PropagationRun
from versions.naming import write_version_id

COUNTED = ("applied", "unchanged", "failed", "skipped")
"""What became of items, as batches count it."""


@dataclass(frozen=True, kw_only=True)
class LaneProgress:
    """What became of the items of a run in one lane."""

    lane: str
    total: int
    applied: int
    unchanged: int
    failed: int
    skipped: int

    @property
    def done(self) -> int:
        """The items that are as they should be."""
        return self.applied + self.unchanged

    @property
    def processed(self) -> int:
        """The items that are over."""
        return self.done + self.failed + self.skipped


@dataclass(frozen=True, kw_only=True)
class RunProgress:
    """How far a run is, lane by lane."""

    run_id: int
    status: str
    total: int
    lanes: Sequence[LaneProgress]

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


def read_progress(run: PropagationRun) -> RunProgress:
    """Return how far the run is, in the order of the lanes; one statement."""
    rows: Iterable[Any] = (
        run.batches.values("lane")
        .order_by()
        .annotate(total=Sum("size"), **{name: Sum(name) for name in COUNTED})
    )
    return RunProgress(
        run_id=run.pk,
        status=run.status,
        total=run.total,
        lanes=sorted((LaneProgress(**row) for row in rows), key=lambda one: _rank(one.lane)),
    )


def count_held(run: PropagationRun) -> int:
    """Return how many targets of the run wait for a person."""
    return run.items.filter(state=ItemState.HELD).count()


def describe_run(run: PropagationRun) -> dict[str, Any]:
    """Return a run and how far it is; the run comes with its project. Three statements."""
    progress = read_progress(run)
    first = run.sources.select_related("entity", "version").order_by("pk").first()
    return {
        "id": run.pk,
        "project_id": run.project.code,
        "kind": run.kind,
        "status": run.status,
        "mode": run.mode,
        "asset_id": first.entity.code if first else None,
        "version": write_version_id(first.entity.code, first.version.number) if first else None,
        "progress": progress.percent,
        "processed": progress.processed,
        "total": run.total,
        "counts": {**progress.counts, "held": count_held(run)},
        "lanes": {lane.lane: _describe_lane(lane) for lane in progress.lanes},
        "note": run.note,
        "attempts": run.attempts,
        "superseded_by": run.superseded_by_id,
        "undo_of": run.undo_of_id,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }


def _rank(lane: str) -> int:
    order: tuple[str, ...] = settings.LANES
    return order.index(lane)


def _describe_lane(lane: LaneProgress) -> dict[str, Any]:
    return {
        "total": lane.total,
        "done": lane.done,
        "failed": lane.failed,
        "skipped": lane.skipped,
        "queued": lane.total - lane.processed,
    }
