"""Take a batch apart that cannot be done as a whole, so that only what is at fault fails."""

import math
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
SMALL = 30
"""So many items are tried one by one at once."""


@transaction.atomic
def isolate_items(*, run_id: int, number: int, error: str, is_last: bool, at: datetime) -> None:
    """Cut the batch into about as many smaller ones as each then has; fail a single one if is_last.

    So one of 500 is found by way of 23. Nothing when the batch is done, or another worker has it.
    A constant number of statements.
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
        _cut(batch, queued, at)
    elif is_last:
        fail_items(batch=batch, error=error, at=at)


def _cut(batch: PropagationBatch, queued: Sequence[Queued], at: datetime) -> None:
    """Put the items into smaller batches, in their order.

    Only a batch that is alone in its step holds several levels, so its parts may become steps of
    their own, and what comes after moves back. Nobody works on that yet.
    """
    size = math.isqrt(len(queued) - 1) + 1 if len(queued) > SMALL else 1
    parts = [queued[start : start + size] for start in range(0, len(queued), size)]
    has_levels = len({level for _, level in queued}) > 1
    run = PropagationRun.objects.select_for_update(no_key=True).get(pk=batch.run_id)
    if has_levels:
        more = len(parts) - 1
        run.batches.filter(step__gt=batch.step).update(step=F("step") + more)
        PropagationRun.objects.filter(pk=run.pk).update(steps=F("steps") + more)
    first = run.batches.aggregate(last=Max("number"))["last"] + 1
    numbered = list(enumerate(parts, start=first))
    counts = ("deliveries", "applied", "unchanged", "failed", "skipped")
    ids = dict(
        insert_rows(
            model=PropagationBatch,
            columns=["run", "number", "step", "lane", "size", *counts],
            rows=[
                (
                    run.pk,
                    number,
                    batch.step + (number - first if has_levels else 0),
                    batch.lane,
                    len(part),
                    *(0 for _ in counts),
                )
                for number, part in numbered
            ],
            returning=["number", "id"],
        )
    )
    update_rows(
        model=PropagationItem,
        key="id",
        columns=["batch"],
        rows=[(pk, ids[number]) for number, part in numbered for pk, _ in part],
    )
    PropagationBatch.objects.filter(pk=batch.pk).update(
        size=F("size") - len(queued), done_at=at, delivered_at=None
    )
