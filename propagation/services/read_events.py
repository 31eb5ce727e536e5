"""Read a project's log from where a reader left off, and trim what is old."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from assets.models import Project
from propagation.exceptions import EventsTrimmedError
from propagation.live.events import read_seqs
from propagation.models import Event, EventCounter

TRIMMED_AT_ONCE = 10_000
"""Events that one statement deletes: whoever writes events waits for it."""


@dataclass(frozen=True, kw_only=True)
class EventPage:
    """Events in order. seq: where to read on; is_last: there is nothing more by now."""

    events: Sequence[Event]
    seq: int
    is_last: bool


def read_seq(project: Project) -> int:
    """Return the number of the project's newest event; 0 when it has none."""
    return read_seqs([project.pk])[project.pk]


def read_events(*, project_id: int, since: int, limit: int) -> EventPage:
    """Return the events after `since`, in the order in which they happened; two statements.

    EventsTrimmedError when the next one is not kept any more, and for a number that is yet to
    come: the database was restored from a backup since.
    """
    after = Event.objects.filter(project=project_id, seq__gt=since).select_related("project")
    events = list(after.order_by("seq")[:limit])
    if not events or events[0].seq != since + 1:
        counter = EventCounter.objects.filter(project=project_id).first()
        newest, trimmed = (counter.seq, counter.trimmed) if counter else (0, 0)
        if since < trimmed or since > newest:
            raise EventsTrimmedError(since=since, oldest=trimmed + 1, newest=newest)
    seq = events[-1].seq if events else since
    return EventPage(events=events, seq=seq, is_last=len(events) < limit)


def describe_event(event: Event) -> dict[str, Any]:
    """Return an event as every reader is told of it."""
    envelope = {
        "v": 1,
        "type": event.type,
        "seq": event.seq,
        "topic": f"project:{event.project.code}",
        "run_id": event.run_id,
        "timestamp": event.created_at,
    }
    return {**envelope, **event.payload, **envelope}  # in this order, and no payload hides it


def forget_events(*, at: datetime) -> int:
    """Delete events that are older than settings.EVENTS_KEPT_DAYS; return how many.

    From the beginning of each log, as long as they are old: one that comes after a younger one
    stays, so that what is left has no gap.
    """
    until = at - timedelta(days=settings.EVENTS_KEPT_DAYS)
    first = Event.objects.filter(seq=F("project__event_counter__trimmed") + 1)
    logs = list(first.filter(created_at__lt=until).values_list("project", flat=True))
    return sum(_trim(project_id, until) for project_id in sorted(logs))


def _trim(project_id: int, until: datetime) -> int:
    count = 0
    while True:
        with transaction.atomic():
            counter = EventCounter.objects.select_for_update(no_key=True).get(project=project_id)
            rows = Event.objects.filter(project=project_id, seq__gt=counter.trimmed)
            head = rows.order_by("seq").values_list("seq", "created_at")[:TRIMMED_AT_ONCE]
            old = [seq for seq, _ in takewhile(lambda row: row[1] < until, head)]
            if not old:
                return count
            count += Event.objects.filter(project=project_id, seq__lte=old[-1]).delete()[0]
            counter.trimmed = old[-1]
            counter.save(update_fields=["trimmed"])
