"""Pause, resume, cancel and retry runs, and leave out what they have not started."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef

from assets.models import Role
from assets.services.access import check_role
from assets.setwise import select_ids, update_rows
from propagation.audit.trail import Entry, Trace, id_of, write_trail
from propagation.exceptions import InvalidRunStateError
from propagation.execution.advance import continue_run
from propagation.execution.again import queue_again
from propagation.execution.messages import send_continue
from propagation.execution.start import check_room
from propagation.execution.telling import read_item_news, tell_progress, tell_state
from propagation.live.events import News, record_events
from propagation.live.wake import signal_run
from propagation.models import (
    ItemState,
    PropagationBatch,
    PropagationItem,
    PropagationRun,
    RunStatus,
)
from propagation.models.run import WORKING_STATUSES
from propagation.models.work import OPEN_STATES


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """How many items were left out, and how many could not be: they are under way, or over."""

    skipped: int
    too_late: int


@transaction.atomic
def pause_run(*, run_id: int, actor: User | None, at: datetime) -> PropagationRun:
    """Start nothing more of the run until it is resumed; what is under way is done to its end.

    Nothing when it is paused already. RoleTooLowError; InvalidRunStateError when it is over.
    """
    run = _lock(run_id, actor)
    if run.status != RunStatus.PAUSED:
        _need(run, WORKING_STATUSES, "paused")
        run.status = RunStatus.PAUSED
        run.was_paused = True
        run.save(update_fields=["status", "was_paused"])
        _tell(run, actor, at)
    return run


@transaction.atomic
def resume_run(*, run_id: int, actor: User | None, at: datetime) -> PropagationRun:
    """Go on with a paused run; nothing when it is not paused but under way. Errors as pause."""
    run = _lock(run_id, actor)
    if run.status not in WORKING_STATUSES:
        _need(run, [RunStatus.PAUSED], "resumed")
        _restart(run, actor, at)
    return run


@transaction.atomic
def cancel_run(*, run_id: int, actor: User | None, at: datetime) -> PropagationRun:
    """End the run: nothing new starts, and it is over when what is under way is done.

    What it did stays; what it did not start stays outdated, for all to see. Nothing when it is
    being cancelled already. RoleTooLowError; InvalidRunStateError when it is over.
    """
    run = _lock(run_id, actor)
    if run.status != RunStatus.CANCELLING:
        _need(run, [*WORKING_STATUSES, RunStatus.PAUSED], "cancelled")
        before, run.status, run.cancelled_by = run.status, RunStatus.CANCELLING, actor
        run.save(update_fields=["status", "cancelled_by"])
        trace = Trace(
            actor_id=id_of(actor),
            name=f"run {run.pk}",
            before={"status": before},
            after={"status": run.status},
        )
        entry = Entry(action="run_cancelled", run_id=run.pk, trace=trace)
        write_trail(project_id=run.project_id, entries=[entry], at=at)
        # Ends it in this very transaction, unless a worker holds a batch of it.
        continue_run(run_id=run.pk, generation=run.generation, at=at)
        run.refresh_from_db()
        if run.is_active:
            told = tell_state(run)
            record_events(project_id=run.project_id, news=told, at=at)
    return run


@transaction.atomic
def retry_run(*, run_id: int, actor: User | None, at: datetime) -> PropagationRun:
    """Take up again what failed, was skipped or cancelled: the same run, its next attempt.

    What was rebuilt on top of it follows in its turn. RoleTooLowError; InvalidRunStateError when
    the run is not over, or nothing of it was left undone; TooManyActiveRunsError.
    """
    run = _lock(run_id, actor)
    if run.is_active:
        raise InvalidRunStateError(f"Run {run.pk} is {run.status}: it is not over yet.")
    if run.superseded_by_id:
        raise InvalidRunStateError(f"Run {run.superseded_by_id} took over what was left of it.")
    queued = queue_again(run=run)
    if not queued:
        raise InvalidRunStateError(f"Run {run.pk} left nothing undone.")
    items = PropagationItem.objects.filter(pk__in=select_ids(queued))
    _restart(run, actor, at, read_item_news(items))
    if actor is not None:
        check_room(project_id=run.project_id)
    return run


@transaction.atomic
def skip_items(
    *, run_id: int, entity_ids: Collection[int], actor: User | None, at: datetime
) -> Skipped:
    """Leave these targets out of the run, as far as they are not under way or done.

    They stay outdated until something changes again. Errors as pause.
    """
    run = _lock(run_id, actor)
    _need(run, [*WORKING_STATUSES, RunStatus.PAUSED], "changed")
    wanted = run.items.filter(entity_id__in=select_ids(entity_ids), state=ItemState.QUEUED)
    free = dict(
        run.batches.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .filter(done_at=None, pk__in=wanted.values("batch_id"))
        .values_list("pk", "skipped")
    )
    taken = dict(wanted.filter(batch_id__in=select_ids(free)).values_list("pk", "batch_id"))
    items = PropagationItem.objects.filter(pk__in=select_ids(taken))
    items.update(state=ItemState.SKIPPED)
    update_rows(
        model=PropagationBatch,
        key="id",
        columns=["skipped"],
        rows=[(pk, free[pk] + count) for pk, count in Counter(taken.values()).items()],
    )
    _close_empty(run, free, at)
    if taken:
        _tell(run, actor, at, read_item_news(items), skipped=len(taken))
    return Skipped(skipped=len(taken), too_late=len(set(entity_ids)) - len(taken))


def _close_empty(run: PropagationRun, batch_ids: Iterable[int], at: datetime) -> None:
    """Close those of the batches in which nothing is left to do, and let the run go on."""
    left = PropagationItem.objects.filter(batch=OuterRef("pk"), state__in=OPEN_STATES)
    empty = PropagationBatch.objects.filter(~Exists(left), pk__in=select_ids(batch_ids))
    if empty.update(done_at=at):
        _send(run)


def _lock(run_id: int, actor: User | None) -> PropagationRun:
    """Lock the run's row; whoever started it may steer it, and supervisors all of them."""
    run = PropagationRun.objects.select_for_update(no_key=True).get(pk=run_id)
    is_own = actor is not None and run.actor_id == actor.pk
    needed = Role.ARTIST if is_own else Role.SUPERVISOR
    check_role(actor=actor, project_id=run.project_id, needed=needed)
    return run


def _need(run: PropagationRun, statuses: Collection[str], what: str) -> None:
    if run.status not in statuses:
        raise InvalidRunStateError(f"Run {run.pk} is {run.status}: it cannot be {what}.")


def _restart(
    run: PropagationRun, actor: User | None, at: datetime, news: Sequence[News] = ()
) -> None:
    """Let a worker take the run's next action."""
    run.generation += 1  # callbacks of what was sent before come to nothing
    run.dispatched_at = run.finished_at = run.cancelled_by = None
    run.resends = 0
    run.status = RunStatus.RUNNING
    run.save()
    _tell(run, actor, at, news)
    _send(run)


def _send(run: PropagationRun) -> None:
    lane = run.batches.filter(done_at=None).order_by("step").values_list("lane", flat=True).first()
    again = partial(
        send_continue,
        run_id=run.pk,
        generation=run.generation,
        lane=lane or settings.LANES[0],
    )
    transaction.on_commit(again, robust=True)


def _tell(
    run: PropagationRun,
    actor: User | None,
    at: datetime,
    news: Sequence[News] = (),
    *,
    skipped: int | None = None,
) -> None:
    more = {} if skipped is None else {"skipped": skipped}
    progress = [tell_progress(run)] if news else []
    told = [*news, *progress, *tell_state(run, actor_id=id_of(actor), more=more)]
    record_events(project_id=run.project_id, news=told, at=at)
    transaction.on_commit(partial(signal_run, run_id=run.pk), robust=True)
