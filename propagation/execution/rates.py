"""How fast workers are, from the batches that they did last."""

from collections import Counter
from collections.abc import Iterable

from django.conf import settings

from propagation.models import PropagationBatch
from propagation.planning.sizing import FEW, Sizes

LOOKED_AT = 200
"""Batches, of all lanes and projects: the newest."""


def read_sizes() -> Sizes:
    """Return how large batches shall be; one statement, or none where sizes are fixed.

    A batch of a few targets tells nothing: it takes what any transaction takes.
    """
    if settings.BATCH_SIZES.keys() >= set(settings.LANES):
        return Sizes(fixed=settings.BATCH_SIZES)
    rows: Iterable[tuple[str, int, int | None]] = (
        PropagationBatch.objects.exclude(took_ms=None)
        .order_by("-pk")
        .values_list("lane", "size", "took_ms")[:LOOKED_AT]
    )
    done, taken = Counter[str](), Counter[str]()
    for lane, size, took_ms in rows:
        if size >= FEW / 2:
            done[lane] += size
            taken[lane] += took_ms or 0
    rates = {lane: 1000 * done[lane] / max(taken[lane], 1) for lane in done}
    return Sizes(rates=rates, fixed=settings.BATCH_SIZES)
