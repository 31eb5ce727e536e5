"""Open jobs for items that somebody outside makes."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from assets.setwise import insert_rows
from propagation.execution.rebuild import Rebuilt
from propagation.models import ExternalJob, JobState


def open_jobs(
    *,
    items: Iterable[Sequence[int | None]],
    rebuilt: Rebuilt,
    project_id: int,
    at: datetime,
) -> None:
    """Write a job for each item that waits; one statement, or none.

    items: rows that begin with entity id and item id.
    """
    waiting = rebuilt.waiting
    if not waiting:
        return
    insert_rows(
        model=ExternalJob,
        columns=["token", "project", "item", "state", "payload", "inputs", "created_at", "due_at"],
        rows=[
            (
                f"job_{secrets.token_urlsafe(24)}",
                project_id,
                pk,
                JobState.OPEN,
                waiting[entity_id].payload,
                rebuilt.inputs[entity_id],
                at,
                at + timedelta(seconds=waiting[entity_id].limit_s),
            )
            for entity_id, pk, *_ in items
            if entity_id in waiting
        ],
    )
