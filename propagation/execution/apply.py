"""Apply a batch: the only writer of propagated versions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from assets.models import AssetReference
from assets.setwise import update_rows
from propagation.live.events import News, record_events
from propagation.live.wake import signal_run
from propagation.models import ItemState, PropagationBatch, PropagationItem
from propagation.models.run import ACTIVE_STATUSES
from versions.models import Head, Origin
from versions.services.following import IS_OUTDATED, ReferenceState, read_states, with_followed
from versions.services.heads import HeadState, lock_heads
from versions.services.publish import (
    Draft,
    Input,
    SealedDraft,
    Stamp,
    VersionRef,
    publish_versions,
)

ERROR_LENGTH = 2000


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
    batch = _claim(run_id, number)
    if batch is None:
        return None
    items = list(
        batch.items.filter(state=ItemState.QUEUED)
        .order_by("level", "entity_id")
        .values_list("entity_id", "pk")
    )
    heads = lock_heads(Head.objects.filter(entity__propagation_items__batch=batch))
    moved = _group_by_target(read_states(_select_moved(batch)))
    stamp = Stamp(origin=Origin.PROPAGATED, at=at, run_id=run_id)
    sealed = _rebuild([entity_id for entity_id, _ in items], heads, moved, stamp)
    version_ids = publish_versions(sealed)
    _finish_items(items, version_ids)
    outcome = BatchOutcome(applied=len(sealed), unchanged=len(items) - len(sealed))
    _finish_batch(batch, outcome, at)
    return outcome


@transaction.atomic
def fail_batch(*, run_id: int, number: int, error: str, at: datetime) -> None:
    """Fail what is left of the batch, so that its run can go on and end; nothing if it is done."""
    batch = _claim(run_id, number)
    if batch is None:
        return
    reason = error.replace("\0", "")[:ERROR_LENGTH]
    failed = batch.items.filter(state=ItemState.QUEUED).update(state=ItemState.FAILED, error=reason)
    _finish_batch(batch, BatchOutcome(failed=failed), at)


def _claim(run_id: int, number: int) -> PropagationBatch | None:
    """Lock the batch unless it is done or another worker has it.

    SKIP LOCKED: a duplicate message must not wait for the one at work. SQLite has one writer at a
    time (BEGIN IMMEDIATE), which does the same.
    """
    return (
        PropagationBatch.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .filter(run_id=run_id, number=number, done_at=None, run__status__in=ACTIVE_STATUSES)
        .select_related("run")
        .first()
    )


def _select_moved(batch: PropagationBatch) -> QuerySet[AssetReference]:
    """Select what the batch's targets may have to consume: outdated, or made in this very batch."""
    made_here = PropagationItem.objects.filter(
        run_id=batch.run_id, batch=batch, entity=OuterRef("source_id")
    )
    references = AssetReference.objects.filter(target__propagation_items__batch=batch)
    return with_followed(references).filter(IS_OUTDATED | Exists(made_here))


def _group_by_target(states: Iterable[ReferenceState]) -> dict[int, list[ReferenceState]]:
    grouped: dict[int, list[ReferenceState]] = {}
    for state in states:
        grouped.setdefault(state.target_id, []).append(state)
    return grouped


def _rebuild(
    targets: Sequence[int],
    heads: Mapping[int, HeadState],
    moved: Mapping[int, Sequence[ReferenceState]],
    stamp: Stamp,
) -> list[SealedDraft]:
    """Draft a version of each target that uses something that moved; targets in level order.

    A target keeps its content and records its new inputs. One that uses nothing that moved gets
    no version, and neither does what depends only on it (early cut-off).
    """
    made: dict[int, SealedDraft] = {}
    for entity_id in targets:
        inputs = [
            given
            for state in moved.get(entity_id, ())
            if (given := _find_input(state, made)) is not None
        ]
        if inputs:
            head = heads[entity_id]
            made[entity_id] = Draft(
                entity_id=entity_id,
                entity_code=head.entity_code,
                parent=head.best,
                latest_number=head.latest_number,
                content_id=head.content_id,
                content_sha256=head.content_sha256,
                inputs=inputs,
            ).seal(stamp)
    return list(made.values())


def _find_input(state: ReferenceState, made: Mapping[int, SealedDraft]) -> Input | None:
    if state.is_frozen:
        return None
    if state.source_id in made:
        source = made[state.source_id].version
    elif state.consumed_id != state.followed_id:
        source = VersionRef(
            entity_id=state.source_id, id=state.followed_id, checksum=state.followed_checksum
        )
    else:
        return None
    return Input(
        source_id=state.source_id,
        source_code=state.source_code,
        role=state.role,
        label=state.label,
        position=state.position,
        attributes=state.attributes,
        source=source,
        reference_id=state.id,
    )


def _finish_items(items: Sequence[tuple[int, int]], version_ids: Mapping[int, int]) -> None:
    update_rows(
        model=PropagationItem,
        key="id",
        columns=["state", "version"],
        rows=[
            (
                pk,
                ItemState.APPLIED if entity_id in version_ids else ItemState.UNCHANGED,
                version_ids.get(entity_id),
            )
            for entity_id, pk in items
        ],
    )


def _finish_batch(batch: PropagationBatch, outcome: BatchOutcome, at: datetime) -> None:
    PropagationBatch.objects.filter(pk=batch.pk).update(
        applied=F("applied") + outcome.applied,
        unchanged=F("unchanged") + outcome.unchanged,
        failed=F("failed") + outcome.failed,
        done_at=at,
    )
    record_events(
        project_id=batch.run.project_id,
        news=[
            News(
                type="run_items",
                run_id=batch.run_id,
                payload={
                    "batch": batch.number,
                    "applied": outcome.applied,
                    "unchanged": outcome.unchanged,
                    "failed": outcome.failed,
                },
            )
        ],
        at=at,
    )
    transaction.on_commit(partial(signal_run, run_id=batch.run_id), robust=True)
