"""Apply a batch: the only writer of propagated versions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic
from typing import TypeAlias

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from assets.models import AssetReference, Follow
from assets.setwise import select_ids, update_rows
from propagation.execution.jobs import open_jobs
from propagation.execution.materials import read_shelf
from propagation.execution.rebuild import Desk, Rebuilt, rebuild
from propagation.execution.repair import start_repair
from propagation.execution.telling import ItemNews, claim_progress, list_items, record_items
from propagation.live.wake import signal_run
from propagation.models import (
    ItemState,
    PropagationBatch,
    PropagationItem,
    PropagationRun,
)
from propagation.models.run import WORKING_STATUSES
from propagation.planning.reach import PUBLISHED
from versions.canonical import JsonObject
from versions.facets import NO_FACETS
from versions.models import Head, Origin
from versions.services.classify import load_field_maps, read_set_back
from versions.services.following import ReferenceState, find_moved, read_states
from versions.services.heads import HeadState, lock_heads
from versions.services.publish import (
    Stamp,
    publish_versions,
)

ERROR_LENGTH = 2000
ClaimedItem: TypeAlias = tuple[int, int, int | None, int | None, int]
"""Entity id, item id, ids of the versions before and after earlier attempts, if any, and level."""


@dataclass(frozen=True, kw_only=True)
class BatchOutcome:
    """How many items of a batch got a new version, needed none, or failed."""

    applied: int = 0
    unchanged: int = 0
    failed: int = 0


@transaction.atomic
def apply_batch(*, run_id: int, number: int, at: datetime) -> BatchOutcome | None:
    """Bring the batch's targets up to date with what they follow now; None when it was done.

    One transaction for the effect and the mark that it is done, so a message that is delivered
    twice finds nothing to claim. Targets are rebuilt from what is current under the locks on
    their heads, taken in ascending id: of overlapping runs the last one to touch a target leaves
    it up to date. The number of statements does not depend on the size of the batch.
    """
    began = monotonic()
    batch = claim_batch(run_id, number)
    if batch is None:
        return None
    queued = batch.items.filter(state=ItemState.QUEUED)
    return apply_items(batch=batch, items=queued, at=at, began=began)


def apply_items(
    *,
    batch: PropagationBatch,
    items: QuerySet[PropagationItem],
    at: datetime,
    results: Mapping[int, tuple[JsonObject, list[str]]] | None = None,
    began: float | None = None,
) -> BatchOutcome:
    """Rebuild items of a batch, on whose row the caller holds the lock, and write what became.

    results: contents that somebody outside made, and the checksums of what from, by entity id.
    One that was made from what is so no more is left as it is. began: when the batch was claimed,
    by the monotonic clock, if all of it is done here.
    """
    claimed: list[ClaimedItem] = list(
        items.order_by("level", "entity_id").values_list(
            "entity_id", "pk", "before_id", "version_id", "level"
        )
    )
    targets = [entity_id for entity_id, *_ in claimed]
    heads = lock_heads(Head.objects.filter(entity_id__in=select_ids(targets)), since=at)
    states = read_states(_select_moved(batch, claimed))
    followed = {state.followed_id for state in states}
    shelf = read_shelf(entity_ids=targets, heads=heads, followed=followed)
    project_id = batch.run.project_id
    desk = Desk(
        heads=heads,
        moved=_group_by_target(states),
        set_back=read_set_back(heads=heads.values()),
        stamp=Stamp(origin=Origin.PROPAGATED, at=at, run_id=batch.run_id),
        shelf=shelf,
        results=results or {},
        maps=load_field_maps(project_id=project_id) if shelf.handlers else None,
    )
    rebuilt = rebuild(targets, desk)
    version_ids = publish_versions(list(rebuilt.made.values()))
    done = [row for row in claimed if row[0] not in rebuilt.deferred]
    outcome, told = _finish_items(done, heads, version_ids, rebuilt)
    open_jobs(items=claimed, rebuilt=rebuilt, project_id=project_id, at=at)
    # Before the run that _tell_more may start, whose news lock the event counter.
    is_due = claim_progress(batch.run) if told else False
    _tell_more(batch.run, version_ids, desk, rebuilt, at)
    took_ms = None if began is None else max(round(1000 * (monotonic() - began)), 1)
    _finish_batch(batch, outcome, told, at, is_due=is_due, took_ms=took_ms)
    return outcome


@transaction.atomic
def fail_batch(*, run_id: int, number: int, error: str, at: datetime) -> None:
    """Fail what is left of the batch, so that its run can go on and end; nothing if it is done."""
    batch = claim_batch(run_id, number)
    if batch is not None:
        fail_items(batch=batch, error=error, at=at)


def fail_items(*, batch: PropagationBatch, error: str, at: datetime) -> None:
    """Fail what is left of a batch, on whose row the caller holds the lock."""
    reason = error.replace("\0", "")[:ERROR_LENGTH]
    queued = list(batch.items.filter(state=ItemState.QUEUED).values_list("pk", flat=True))
    items = PropagationItem.objects.filter(pk__in=select_ids(queued))
    items.update(state=ItemState.FAILED, error=reason)
    finish_failed(batch=batch, items=items, failed=len(queued), at=at)


def claim_batch(run_id: int, number: int) -> PropagationBatch | None:
    """Lock the batch unless it is done or another worker has it.

    SKIP LOCKED: a duplicate message must not wait for the one at work. SQLite has one writer at a
    time (BEGIN IMMEDIATE), which does the same.
    """
    return (
        PropagationBatch.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .filter(run_id=run_id, number=number, done_at=None, run__status__in=WORKING_STATUSES)
        .select_related("run")
        .first()
    )


def _select_moved(
    batch: PropagationBatch, claimed: Sequence[ClaimedItem]
) -> QuerySet[AssetReference]:
    """Select what the batch's targets may have to consume: moved, or made in this very batch."""
    references = AssetReference.objects.filter(target__propagation_items__batch=batch)
    if len({level for *_, level in claimed}) < 2:  # noqa: PLR2004 (none of them uses another)
        return find_moved(references)
    made_here = PropagationItem.objects.filter(
        run_id=batch.run_id, batch=batch, entity=OuterRef("source_id")
    )
    return find_moved(references, also=Exists(made_here))


def _group_by_target(states: Iterable[ReferenceState]) -> dict[int, list[ReferenceState]]:
    grouped: dict[int, list[ReferenceState]] = {}
    for state in states:
        grouped.setdefault(state.target_id, []).append(state)
    return grouped


def _tell_more(
    run: PropagationRun,
    version_ids: Mapping[int, int],
    desk: Desk,
    rebuilt: Rebuilt,
    at: datetime,
) -> None:
    """Start a run for what follows the targets in facets that the plan did not know of.

    A target whose best is an older definition is made from that one, so for what follows the
    latest more has changed; and a handler may change more than was consumed.
    """
    facets = {
        pk: desk.set_back.get(pk, NO_FACETS) | rebuilt.more.get(pk, NO_FACETS)
        for pk in {*desk.set_back, *rebuilt.more}
        if pk in version_ids
    }
    if facets:
        start_repair(
            project_id=run.project_id,
            actor=run.actor,
            notify_users=run.notify_users,
            sources={pk: version_ids[pk] for pk in facets},
            facets=facets,
            moved=PUBLISHED if rebuilt.more else frozenset({Follow.LATEST}),
            note=f"follows what run {run.pk} rebuilt from more than its plan knew",
            at=at,
        )


def _finish_items(
    items: Sequence[ClaimedItem],
    heads: Mapping[int, HeadState],
    version_ids: Mapping[int, int],
    rebuilt: Rebuilt,
) -> tuple[BatchOutcome, list[ItemNews]]:
    """Write what became of the items, and return the news.

    One that was rebuilt at an earlier attempt, and needs nothing now, keeps what it was rebuilt as.
    """
    rows, told = [], []
    for entity_id, pk, before_id, earlier_id, _ in items:
        version_id = version_ids.get(entity_id, earlier_id)
        state = ItemState.APPLIED if version_id else ItemState.UNCHANGED
        if entity_id in rebuilt.waiting:
            state = ItemState.WAITING
        error = rebuilt.failed.get(entity_id, "")[:ERROR_LENGTH].replace("\0", "")
        if entity_id in rebuilt.failed:
            state = ItemState.FAILED
        rows.append((pk, state, before_id or heads[entity_id].best.id, version_id, error))
        made = rebuilt.made.get(entity_id)
        told.append((heads[entity_id].entity_code, state.value, made.number if made else None))
    update_rows(
        model=PropagationItem,
        key="id",
        columns=["state", "before", "version", "error"],
        rows=rows,
    )
    counts = Counter(state for _, state, *_ in rows)
    outcome = BatchOutcome(
        applied=counts[ItemState.APPLIED],
        unchanged=counts[ItemState.UNCHANGED],
        failed=counts[ItemState.FAILED],
    )
    return outcome, told


def finish_failed(
    *, batch: PropagationBatch, items: QuerySet[PropagationItem], failed: int, at: datetime
) -> None:
    """Count so many items of a batch as failed, whose rows say so already."""
    is_due = claim_progress(batch.run)
    _finish_batch(batch, BatchOutcome(failed=failed), list_items(items), at, is_due=is_due)


def _finish_batch(
    batch: PropagationBatch,
    outcome: BatchOutcome,
    told: Sequence[ItemNews],
    at: datetime,
    *,
    is_due: bool,
    took_ms: int | None = None,
) -> None:
    is_open = batch.left > outcome.applied + outcome.unchanged + outcome.failed
    PropagationBatch.objects.filter(pk=batch.pk).update(
        applied=F("applied") + outcome.applied,
        unchanged=F("unchanged") + outcome.unchanged,
        failed=F("failed") + outcome.failed,
        deliveries=0 if is_open else F("deliveries"),  # it came to what it could
        delivered_at=None,
        done_at=None if is_open else at,
        took_ms=took_ms,
    )
    record_items(run=batch.run, items=told, at=at, is_due=is_due)
    transaction.on_commit(partial(signal_run, run_id=batch.run_id), robust=True)
