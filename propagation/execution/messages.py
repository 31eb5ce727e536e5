"""Send hints to the workers. They carry ids only, and losing one loses no work."""

import logging
import time
from collections.abc import Callable

from celery import chord, current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from structlog.contextvars import bind_contextvars

from propagation.live.memory import mark_step
from propagation.models import PropagationRun

logger = logging.getLogger(__name__)

START_TASK = "propagation.start_run"
BATCH_TASK = "propagation.apply_batch"
CONTINUE_TASK = "propagation.continue_run"

BROKER_ERRORS = (OperationalError, RedisError, OSError)
AWAY_S = 1.0
"""A broker that did not answer is asked again after this: each try costs whoever waits 0.2 s."""

_away_until = 0.0


def send_start(*, run: PropagationRun, lane: str) -> None:
    """Ask a worker of the lane to take the run up. Without a broker the sweep does it later."""
    bind_contextvars(run_id=run.pk)  # to log lines of the request and of the tasks
    run.is_delayed = not _send(run.pk, lambda: _send_task(START_TASK, lane, run.pk))


def send_continue(*, run_id: int, generation: int, lane: str) -> None:
    """Ask a worker of the lane to take the run's next action; without a broker the sweep does."""
    _send(run_id, lambda: _send_task(CONTINUE_TASK, lane, run_id, generation))


def send_batches(*, run_id: int, lane: str, numbers: list[int]) -> None:
    """Send single batches of a step that was sent already, each by itself."""

    def send() -> None:
        for number in numbers:
            _send_task(BATCH_TASK, lane, run_id, number)

    _send(run_id, send)


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

    def send() -> None:
        mark_step(run_id=run_id, generation=generation)
        chord(header)(callback)

    _send(run_id, send)


def _send_task(name: str, lane: str, *args: int) -> None:
    current_app.send_task(name, args=args, queue=lane, ignore_result=True, retry=False)


def _send(run_id: int, send: Callable[[], object]) -> bool:
    """Send, and tell whether the broker took it; one that is away is not asked every time."""
    global _away_until  # noqa: PLW0603 (of the connection, which belongs to the process as well)
    if time.monotonic() < _away_until:
        logger.warning("message_delayed run=%s error=the broker was away a moment ago", run_id)
        return False
    try:
        send()
    except BROKER_ERRORS as error:
        _away_until = time.monotonic() + AWAY_S
        logger.warning("message_delayed run=%s error=%s", run_id, error)
        return False
    return True
