"""Send hints to the workers. They carry ids only, and losing one loses no work."""

import logging

from celery import chord, current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from propagation.live.memory import mark_step
from propagation.models import PropagationRun

logger = logging.getLogger(__name__)

START_TASK = "propagation.start_run"
BATCH_TASK = "propagation.apply_batch"
CONTINUE_TASK = "propagation.continue_run"

BROKER_ERRORS = (OperationalError, RedisError, OSError)


def send_start(*, run: PropagationRun, lane: str) -> None:
    """Ask a worker of the lane to take the run up. Without a broker the sweep does it later."""
    try:
        current_app.send_task(
            START_TASK, args=[run.pk], queue=lane, ignore_result=True, retry=False
        )
    except BROKER_ERRORS as error:
        run.is_delayed = True
        logger.warning("run_start_delayed run=%s error=%s", run.pk, error)


def send_continue(*, run_id: int, generation: int, lane: str) -> None:
    """Ask a worker of the lane to take the run's next action; without a broker the sweep does."""
    try:
        current_app.send_task(
            CONTINUE_TASK, args=[run_id, generation], queue=lane, ignore_result=True, retry=False
        )
    except BROKER_ERRORS as error:
        logger.warning("run_continue_delayed run=%s error=%s", run_id, error)


def send_step(*, run_id: int, generation: int, lane: str, numbers: list[int], delay_s: int) -> None:
    """Send the batches of one step as a chord whose callback continues the run."""
    header = [
        current_app.signature(
            BATCH_TASK, args=[run_id, number], queue=lane, immutable=True, countdown=delay_s or None
        )
        for number in numbers
    ]
    callback = current_app.signature(
        CONTINUE_TASK, args=[run_id, generation], queue=lane, immutable=True
    )
    try:
        mark_step(run_id=run_id, generation=generation)
        chord(header)(callback)
    except BROKER_ERRORS as error:
        logger.warning("run_step_delayed run=%s error=%s", run_id, error)


def send_batches(*, run_id: int, lane: str, numbers: list[int]) -> None:
    """Send single batches of a step that was sent already, each by itself."""
    try:
        for number in numbers:
            current_app.send_task(
                BATCH_TASK, args=[run_id, number], queue=lane, ignore_result=True, retry=False
            )
    except BROKER_ERRORS as error:
        logger.warning("run_batches_delayed run=%s error=%s", run_id, error)
