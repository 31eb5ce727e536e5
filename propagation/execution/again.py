"""Queue the failed items of a finished run again, and what was built on them."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from django.conf import settings
from django.db.models import Count, Max, Q

from assets.graph.cache import load_graph
from assets.setwise import insert_rows, select_ids, update_rows
from propagation.execution.rates import read_sizes
from propagation.models import ItemState, PropagationBatch, PropagationItem, PropagationRun
from propagation.planning.batches import cut_steps

AGAIN = (ItemState.FAILED, ItemState.CANCELLED, ItemState.SKIPPED)
"""States of items that a retry takes up."""
DONE = (ItemState.APPLIED, ItemState.UNCHANGED)
Row: TypeAlias = tuple[int, int, int, int, str]
"""Item id, entity id, batch id, level and lane."""


def queue_again(*, run: PropagationRun) -> list[int]:
    """Queue what was left undone in new batches behind the old ones; return the ids of the items.

    What the run built on it since is queued too, because it consumed what was there before. The
    caller holds the lock on the run's row; step, steps and attempts are set on it, not saved.
    """
    rows = list_again(run)
    if not rows:
        return []
    last = run.batches.aggregate(number=Max("number"))["number"]
    run.attempts += 1
    run.step = first_step = run.steps
    steps: list[list[list[Row]]] = []
    sizes = read_sizes()
    for lane in settings.LANES:
        in_lane = [row for row in rows if row[4] == lane]
        steps += _cut(in_lane, sizes.choose(lane=lane, count=len(in_lane)))
    batches = [(step, batch) for step, found in enumerate(steps, first_step) for batch in found]
    run.steps = first_step + len(steps)
    ids = insert_rows(
        model=PropagationBatch,
        columns=["run", "number", "step", "lane", "size", *COUNTS, "deliveries"],
        rows=[
            (run.pk, number, step, batch[0][4], len(batch), 0, 0, 0, 0, 0)
            for number, (step, batch) in enumerate(batches, start=last + 1)
        ],
        returning=["number", "id"],
    )
    by_number = dict(ids)
    update_rows(
        model=PropagationItem,
        key="id",
        columns=["batch", "state", "error"],
        rows=[
            (row[0], by_number[number], ItemState.QUEUED, "")
            for number, (_, batch) in enumerate(batches, start=last + 1)
            for row in batch
        ],
    )
    _count_anew({row[2] for row in rows})
    return [row[0] for row in rows]


COUNTS = ("applied", "unchanged", "failed", "skipped")


def list_again(run: PropagationRun) -> list[Row]:
    """Return the items that a retry queues: what was left undone, and what was built on it."""
    columns = ("pk", "entity_id", "batch_id", "level", "batch__lane")
    planned = run.items.exclude(batch=None)
    undone: list[Row] = list(planned.filter(state__in=AGAIN).values_list(*columns))
    if not undone:
        return []
    graph = load_graph(project_id=run.project_id)
    behind = graph.get_affected([row[1] for row in undone])
    built = planned.filter(state__in=DONE, entity_id__in=select_ids(behind))
    return [*undone, *built.values_list(*columns)]


def _cut(rows: Sequence[Row], size: int) -> Iterable[list[list[Row]]]:
    """Cut the rows of a lane into steps and batches, as a plan does."""
    levels: dict[int, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row[3], row[1])):
        levels.setdefault(row[3], []).append(row)
    yield from cut_steps(levels.values(), size=size)


def _count_anew(batch_ids: Iterable[int]) -> None:
    """Let the batches that items were taken from account for those that are left."""
    states = {
        "now_applied": Q(items__state=ItemState.APPLIED),
        "now_unchanged": Q(items__state=ItemState.UNCHANGED),
        "now_failed": Q(items__state=ItemState.FAILED),
        "left": Q(),
    }
    counted = (
        PropagationBatch.objects.filter(pk__in=select_ids(batch_ids))
        .annotate(**{name: Count("items", filter=wanted) for name, wanted in states.items()})
        .values_list("pk", *states)
    )
    update_rows(
        model=PropagationBatch,
        key="id",
        columns=["size", *COUNTS],
        rows=[
            (pk, left, applied, unchanged, failed, left - applied - unchanged - failed)
            for pk, applied, unchanged, failed, left in counted
        ],
    )
