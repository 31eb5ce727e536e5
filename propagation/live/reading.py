"""Act on events after their commit, each once, so that what follows cannot fail what they tell."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from django.db import transaction
from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from propagation.models import Event, EventCounter, LogReader

logger = logging.getLogger(__name__)

EVENTS_AT_ONCE = 500
MOST_FAILURES = 8
"""An event that could not be dealt with so often, alone, is left out, and the log goes on."""
LONGEST_DELAY_S = 60

Handle: TypeAlias = Callable[[Sequence[Event]], None]
"""Writes what follows from the events of one project, in order, in the caller's transaction."""


def read_on(
    *, name: str, handle: Handle, at: datetime, without: Collection[str] = frozenset()
) -> int:
    """Hand the new events of every project to `handle`, each once; return how many there were.

    without: types that the reader does nothing about; they are passed over unread, which is worth
    it for those that tell of every target.

    What it writes commits with the reader's new place. When it raises, nothing is written and the
    same events come again one at a time, and the one at fault after 1, 2, 4 … seconds.
    Several processes may call this: whoever has the lock on a reader's place goes on with it.
    """
    count = 0
    for project_id in _find_behind(name, at):
        for _ in range(EVENTS_AT_ONCE):
            done, is_alone = _read_project(name, project_id, handle, at, without)
            count += done
            if not done or not is_alone:
                break
    return count


@dataclass(frozen=True, kw_only=True)
class Lag:
    """How far a reader is behind the logs: events, and since when the oldest of them waits."""

    events: int
    since: datetime | None


def measure_lag(name: str) -> Lag:
    """Return how far the reader is behind the logs of all projects; one statement."""
    following = Event.objects.filter(project=OuterRef("project"), seq=OuterRef("place") + 1)
    found = (
        _select_behind(name)
        .annotate(next_at=Subquery(following.values("created_at")))
        .aggregate(events=Sum(F("seq") - F("place"), default=0), since=Min("next_at"))
    )
    return Lag(**found)


def _find_behind(name: str, at: datetime) -> list[int]:
    """Return the projects with news for the reader, by id; one statement."""
    is_due = Q(retry_at=None) | Q(retry_at__lte=at)
    behind = _select_behind(name).filter(is_due)
    return list(behind.order_by("pk").values_list("pk", flat=True))


def _select_behind(name: str) -> QuerySet[EventCounter]:
    """Select the counters beyond the reader's place; place and retry_at are annotated."""
    place = LogReader.objects.filter(project=OuterRef("project"), name=name)
    return EventCounter.objects.annotate(
        place=Coalesce(Subquery(place.values("seq")), 0),
        retry_at=Subquery(place.values("retry_at")),
    ).filter(seq__gt=F("place"))


def _read_project(
    name: str, project_id: int, handle: Handle, at: datetime, without: Collection[str]
) -> tuple[int, bool]:
    """Go on in one log; return how many events were dealt with, and whether one at a time."""
    LogReader.objects.get_or_create(name=name, project_id=project_id)
    with transaction.atomic():
        places = LogReader.objects.select_for_update(skip_locked=True, no_key=True)
        place = places.filter(name=name, project=project_id).first()
        if place is None:
            return 0, False
        is_alone = place.seq < place.alone_until
        # First the end: what is visible below it is all that there will ever be.
        end = EventCounter.objects.values_list("seq", flat=True).get(project=project_id)
        most = 1 if is_alone else EVENTS_AT_ONCE
        between = Event.objects.filter(project=project_id, seq__gt=place.seq, seq__lte=end).exclude(
            type__in=without
        )
        events = list(between.order_by("seq").select_related("project")[:most])
        if len(events) == most:
            end = events[-1].seq
        if end == place.seq:
            return 0, False
        try:
            with transaction.atomic():
                if events:
                    handle(events)
        except Exception:  # whatever it is, it must not keep the log from going on for ever
            logger.exception(
                "events_not_handled reader=%s project=%s seq=%s", name, project_id, events[0].seq
            )
            _count_failure(place, events, at)
            return 0, False
        place.seq, place.failures, place.retry_at = end, 0, None
        place.save()
        return len(events), is_alone


def _count_failure(place: LogReader, events: Sequence[Event], at: datetime) -> None:
    if len(events) > 1:
        place.alone_until = events[-1].seq
    else:
        place.failures += 1
        place.retry_at = at + timedelta(seconds=min(2 ** (place.failures - 1), LONGEST_DELAY_S))
    if place.failures > MOST_FAILURES:
        logger.error("event_left_out reader=%s seq=%s", place.name, events[0].seq)
        place.seq, place.failures, place.retry_at = events[0].seq, 0, None
    place.save()
