"""Celery tasks: thin doors to the engine. Arguments are ids."""

from celery import shared_task
from django.utils import timezone
from structlog.contextvars import bind_contextvars

from propagation.execution.advance import continue_run
from propagation.execution.attempt import attempt_batch
from propagation.execution.messages import BATCH_TASK, CONTINUE_TASK, START_TASK


@shared_task(name=START_TASK, ignore_result=True)
def start_run(run_id: int) -> None:
    """Take up a run that was just committed."""
    bind_contextvars(run_id=run_id)
    continue_run(run_id=run_id, generation=0, at=timezone.now())


@shared_task(name=BATCH_TASK)
def apply_batch(run_id: int, number: int) -> None:
    """Do one batch of a run; one member of a chord."""
    bind_contextvars(run_id=run_id)
    attempt_batch(run_id=run_id, number=number, at=timezone.now())


@shared_task(name=CONTINUE_TASK, ignore_result=True)
def advance_run(run_id: int, generation: int) -> None:
    """Go on after a chord: to the next step, or to the end."""
    bind_contextvars(run_id=run_id)
    continue_run(run_id=run_id, generation=generation, at=timezone.now())
