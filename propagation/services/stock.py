"""How much there is, for whoever watches over the machine: runs, items, deliveries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum

from propagation.models import (
    DeliveryState,
    ItemState,
    PropagationBatch,
    PropagationItem,
    PropagationRun,
    RunStatus,
    WebhookDelivery,
)

LEFT_STATES = (
    ItemState.QUEUED,
    ItemState.WAITING,
    ItemState.FAILED,
    ItemState.HELD,
    ItemState.IGNORED,
    ItemState.REJECTED,
    ItemState.SKIPPED,
    ItemState.CANCELLED,
)
"""Those of items that are not as they should be; the index `open_items` has them."""
TOLD_DELIVERIES = (DeliveryState.PENDING, DeliveryState.FAILED)


@dataclass(frozen=True, kw_only=True)
class Stock:
    """Runs by status, items by state, webhook deliveries by state.

    Not every state: items that were pinned, released or superseded are part of no batch and of no
    index, and counting them would read the whole table.
    """

    runs: Mapping[str, int]
    items: Mapping[str, int]
    deliveries: Mapping[str, int]

    @property
    def cut_off(self) -> float | None:
        """The share of what was processed where the wave stopped; None while nothing was."""
        done = [self.items[state] for state in ("applied", "unchanged", "failed")]
        return self.items["unchanged"] / sum(done) if any(done) else None


def read_stock() -> Stock:
    """Count them; four statements, over runs, batches, open items and kept deliveries."""
    done = PropagationBatch.objects.aggregate(
        applied=Sum("applied", default=0), unchanged=Sum("unchanged", default=0)
    )
    left = PropagationItem.objects.filter(state__in=LEFT_STATES)
    deliveries = WebhookDelivery.objects.aggregate(
        **{state.value: Count("pk", filter=Q(state=state)) for state in TOLD_DELIVERIES}
    )
    return Stock(
        runs=_count(PropagationRun.objects.all(), "status", RunStatus.values),
        items={**done, **_count(left, "state", LEFT_STATES)},
        deliveries=deliveries,
    )


def _count(rows: Any, field: str, values: Any) -> dict[str, int]:  # noqa: ANN401 (a query set)
    """Return the number of rows by value, for every value; one statement."""
    found = rows.order_by().values_list(field).annotate(count=Count("pk"))
    return {str(value): 0 for value in values} | dict(found)
