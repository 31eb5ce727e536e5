"""Take the results of jobs that were given to somebody outside."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from assets.models import Project, Role
from assets.services.access import check_role
from propagation.audit.trail import Entry, Trace, id_of, write_trail
from propagation.exceptions import InvalidChangeError, JobNotFoundError, JobOverError
from propagation.execution.apply import apply_items, finish_failed
from propagation.execution.messages import send_continue
from propagation.execution.telling import list_items, record_items
from propagation.models import (
    ExternalJob,
    ItemState,
    JobState,
    PropagationBatch,
    PropagationItem,
    PropagationRun,
)
from propagation.services.check_change import check_change
from versions.canonical import JsonObject
from versions.change import apply_patches
from versions.models import DEFINITION, Head
from versions.services.heads import lock_heads


def list_jobs(*, project: Project) -> QuerySet[ExternalJob]:
    """Return the open jobs of a project, the one that is due first before the others."""
    return (
        ExternalJob.objects.filter(project=project, state=JobState.OPEN)
        .select_related("item__entity")
        .order_by("pk")
    )


@transaction.atomic
def complete_job(
    *, token: str, content: JsonObject, actor: User | None, at: datetime
) -> PropagationItem:
    """Publish the target with these fields merged into its content, and let its run go on.

    When what it was made from has moved since, the result is dropped and the item queued again,
    so that another job makes it from what is current. JobNotFoundError, JobOverError,
    RoleTooLowError, InvalidChangeError.
    """
    job, batch = _claim(token, actor)
    item = job.item
    check_change(kind=item.entity.kind, patches=[content])
    if "name" in content:
        raise InvalidChangeError("/name", "A job cannot rename what it makes.")
    lock_heads(Head.objects.filter(entity__propagation_items__batch=batch))
    head = Head.objects.select_related("best__content").get(entity=item.entity_id, slot=DEFINITION)
    result = apply_patches(head.best.content.data, [content])
    _end(job, JobState.DONE, at)
    apply_items(
        batch=batch,
        items=PropagationItem.objects.filter(pk=item.pk),
        results={item.entity_id: (result, job.inputs)},
        at=at,
    )
    item.refresh_from_db()
    is_outdated = item.state == ItemState.WAITING
    _trace(job, batch, actor, JobState.OUTDATED if is_outdated else JobState.DONE, "", at)
    if is_outdated:
        _end(job, JobState.OUTDATED, at)
        item.state = ItemState.QUEUED
        item.save(update_fields=["state"])
        told = list_items(PropagationItem.objects.filter(pk=item.pk))
        record_items(run=batch.run, items=told, at=at, is_due=False)
    _go_on(batch)
    return item


@transaction.atomic
def fail_job(*, token: str, error: str, actor: User | None, at: datetime) -> PropagationItem:
    """Fail the item with what went wrong outside, and let its run go on; errors as above."""
    job, batch = _claim(token, actor)
    _trace(job, batch, actor, JobState.FAILED, error, at)
    _fail(job, batch, JobState.FAILED, error, at)
    return job.item


def expire_jobs(*, at: datetime) -> int:
    """Fail the items of jobs that nobody answered in time; return how many."""
    overdue = ExternalJob.objects.filter(state=JobState.OPEN, due_at__lte=at)
    count = 0
    for token in overdue.order_by("pk").values_list("token", flat=True):
        try:
            _expire(token, at)
            count += 1
        except JobOverError:  # it was answered meanwhile
            continue
    return count


@transaction.atomic
def _expire(token: str, at: datetime) -> None:
    job, batch = _claim(token, None)
    error = f"nobody answered until {job.due_at:%Y-%m-%d %H:%M:%S} UTC"
    _trace(job, batch, None, JobState.EXPIRED, error, at)
    _fail(job, batch, JobState.EXPIRED, error, at)


def _claim(token: str, actor: User | None) -> tuple[ExternalJob, PropagationBatch]:
    """Lock the batch of an open job, in the order in which its run's workers lock."""
    found = ExternalJob.objects.filter(token=token).select_related("item").first()
    if found is None:
        raise JobNotFoundError
    check_role(actor=actor, project_id=found.project_id, needed=Role.ARTIST)
    batch = (
        PropagationBatch.objects.select_for_update(of=("self",), no_key=True)
        .select_related("run")
        .get(items=found.item_id)
    )
    job = ExternalJob.objects.select_related("item__entity").get(pk=found.pk)
    if job.state != JobState.OPEN:
        raise JobOverError(f"The job is {job.state} already.")
    return job, batch


def _fail(
    job: ExternalJob, batch: PropagationBatch, state: JobState, error: str, at: datetime
) -> None:
    _end(job, state, at)
    job.item.state, job.item.error = ItemState.FAILED, error.replace("\0", "")
    job.item.save(update_fields=["state", "error"])
    items = PropagationItem.objects.filter(pk=job.item.pk)
    finish_failed(batch=batch, items=items, failed=1, at=at)
    _go_on(batch)


def _trace(
    job: ExternalJob,
    batch: PropagationBatch,
    actor: User | None,
    state: JobState,
    reason: str,
    at: datetime,
) -> None:
    trace = Trace(
        actor_id=id_of(actor),
        reason=reason,
        entity_id=job.item.entity_id,
        rule=job.item.rule,
        after={"state": state.value},
    )
    entry = Entry(action="job_answered", run_id=batch.run_id, trace=trace)
    write_trail(project_id=job.project_id, entries=[entry], at=at)


def _end(job: ExternalJob, state: JobState, at: datetime) -> None:
    job.state, job.ended_at = state, at
    job.save(update_fields=["state", "ended_at"])


def _go_on(batch: PropagationBatch) -> None:
    """Let a worker take the run's next action."""
    run = PropagationRun.objects.get(pk=batch.run_id)
    again: Callable[[], None] = partial(
        send_continue, run_id=run.pk, generation=run.generation, lane=batch.lane
    )
    transaction.on_commit(again, robust=True)
