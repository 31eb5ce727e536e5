"""Take a batch apart that cannot be done as a whole, so that only what is at fault fails."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from django.db import transaction
from django.db.models import F, Max

from assets.setwise import insert_rows, update_rows
from propagation.execution.apply import claim_batch, fail_items
from propagation.models import ItemState, PropagationBatch, PropagationItem, PropagationRun

Queued: TypeAlias = tuple[int, int]
"""Item id and level."""


@transaction.atomic
def isolate_items(*, run_id: int, number: int, error: str, is_last: bool, at: datetime) -> None:
    """Give each item that the batch has left a batch of its own; fail a single one if is_last.

    Nothing when the batch is done, or another worker has it. A constant number of statements.
    """
    batch = claim_batch(run_id, number)
    if batch is None:
        return
    queued: list[Queued] = list(
        batch.items.filter(state=ItemState.QUEUED)
        .order_by("level", "entity_id")
        .values_list("pk", "level")
    )
    if len(queued) > 1:
        _split(batch, queued, at)
    elif is_last:
        fail_items(batch=batch, error=error, at=at)


def _split(batch: PropagationBatch, queued: Sequence[Queued], at: datetime) -> None:
    """Put each item in a batch of its own, level by level.

    Only a batch that is alone in its step holds several levels, so those may become steps of their
    own, and what comes after moves back. Nobody works on that yet.
    """
    run = PropagationRun.objects.select_for_update(no_key=True).get(pk=batch.run_id)
    levels = sorted({level for _, level in queued})
    steps = {level: step for step, level in enumerate(levels, start=batch.step)}
    more = len(levels) - 1
    if more:
        run.batches.filter(step__gt=batch.step).update(step=F("step") + more)
        PropagationRun.objects.filter(pk=run.pk).update(steps=F("steps") + more)
    first = run.batches.aggregate(last=Max("number"))["last"] + 1
    counts = ("deliveries", "applied", "unchanged", "failed", "skipped")
    ids = dict(
        insert_rows(
            model=PropagationBatch,
            columns=["run", "number", "step", "lane", "size", *counts],
            rows=[
                (run.pk, number, steps[level], batch.lane, 1, *(0 for _ in counts))
                for number, (_, level) in enumerate(queued, start=first)
            ],
            returning=["number", "id"],
        )
    )
    update_rows(
        model=PropagationItem,
        key="id",
        columns=["batch"],
        rows=[(pk, ids[number]) for number, (pk, _) in enumerate(queued, start=first)],
    )
    PropagationBatch.objects.filter(pk=batch.pk).update(
        size=F("size") - len(queued), done_at=at, delivered_at=None
    )
