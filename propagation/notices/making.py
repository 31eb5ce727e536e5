"""Make notifications of what happened: a reader of the event log."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from propagation.live.reading import read_on
from propagation.models import Event, RunStatus
from propagation.models.run import ACTIVE_STATUSES
from propagation.notices.conflicts import tell_conflicts_on
from propagation.notices.following import follow_editors
from propagation.notices.runs import tell_runs

READER = "notices"
UNHEARD = frozenset({"run_items", "propagation_progress"})
ENDS = frozenset(RunStatus) - frozenset(ACTIVE_STATUSES)


def make_notices(*, at: datetime) -> int:
    """Act on what is new in every project's log; return how many events that were.

    A job of the courier. What it writes commits with its place in the log, so nobody is told twice
    of one end of a run, whatever process is killed when.
    """
    return read_on(name=READER, handle=partial(_handle, at=at), at=at, without=UNHEARD)


def _handle(events: Sequence[Event], *, at: datetime) -> None:
    project = events[0].project
    follow_editors(project=project, events=events, at=at)
    run_ids = {
        event.run_id
        for event in events
        if event.type == "run_state" and event.run_id and event.payload.get("status") in ENDS
    }
    if run_ids:
        tell_runs(project_id=project.pk, run_ids=run_ids, at=at)
    opened, closed = (
        {event.payload["conflict_id"] for event in events if event.type == type_}
        for type_ in ("conflict_opened", "conflict_resolved")
    )
    if opened or closed:
        tell_conflicts_on(project_id=project.pk, opened=opened, closed=closed, at=at)
