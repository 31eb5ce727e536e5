"""Write events into the log, numbered per project in the order in which they become visible."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from assets.setwise import insert_rows, select_ids
from propagation.audit.trail import Entry, Trace, write_trail
from propagation.models import Event, EventCounter
from versions.canonical import JsonObject


@dataclass(frozen=True, kw_only=True)
class News:
    """One event before it has its number. The payload holds ids and counts, not content.

    trace: what the audit trail keeps of it; None: nothing, because it is no change by itself, or
    the history of a table tells of it.
    """

    type: str
    run_id: int | None = None
    payload: JsonObject = field(default_factory=dict)
    trace: Trace | None = None


def record_events(*, project_id: int, news: Sequence[News], at: datetime) -> int:
    """Write the events, and the trail of them; return the number of the last one.

    Call it last in the transaction: the counter stays locked until the end, which is what makes
    numbers become visible in ascending order.
    """
    entries = [
        Entry(action=one.type, run_id=one.run_id, trace=one.trace) for one in news if one.trace
    ]
    if entries:
        write_trail(project_id=project_id, entries=entries, at=at)
    table = connection.ops.quote_name(EventCounter._meta.db_table)  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (project_id, seq) VALUES (%s, %s) "  # noqa: S608
            f"ON CONFLICT (project_id) DO UPDATE SET seq = {table}.seq + excluded.seq "
            "RETURNING seq",
            [project_id, len(news)],
        )
        last: int = cursor.fetchone()[0]
    insert_rows(
        model=Event,
        columns=["project", "seq", "type", "run_id", "payload", "created_at"],
        rows=[
            (project_id, seq, one.type, one.run_id, one.payload, at)
            for seq, one in enumerate(news, start=last - len(news) + 1)
        ],
    )
    return last


def read_seqs(project_ids: Collection[int]) -> dict[int, int]:
    """Return the number of each project's newest event; 0 for one that has none. One statement."""
    rows = EventCounter.objects.filter(project__in=select_ids(project_ids))
    return dict.fromkeys(project_ids, 0) | dict(rows.values_list("project_id", "seq"))
