"""What Redis remembers of the steps that were sent: by what it forgot, one that was emptied shows.

A broker that was restarted without its data, or flushed, looks like one whose queues are long. So
each step leaves a mark beside its messages; when the mark is gone, so are they.
"""

from collections.abc import Collection

from django.conf import settings

from propagation.live.redis import connect

KEPT_S = 24 * 3600
"""A step that takes longer is sent once more each day, which does no harm."""


def mark_step(*, run_id: int, generation: int) -> None:
    """Leave the mark of a step that is about to be sent. RedisError when Redis is away."""
    with connect() as client:
        client.set(_name_mark(run_id, generation), b"", ex=KEPT_S)


def find_forgotten(steps: Collection[tuple[int, int]]) -> set[int]:
    """Return the runs whose step (run id, generation) is forgotten. RedisError as above."""
    if not steps:
        return set()
    with connect() as client:
        marks = client.mget([_name_mark(*step) for step in steps])
    return {run_id for (run_id, _), mark in zip(steps, marks, strict=True) if mark is None}


def _name_mark(run_id: int, generation: int) -> str:
    return f"{settings.REDIS_PREFIX}sent:{run_id}:{generation}"
