"""Wake those who wait for a run. A signal only: the rows carry the truth."""

import logging
import time
from collections.abc import Callable, Iterator
from threading import Event

from django.conf import settings
from redis.exceptions import RedisError

from propagation.live.redis import connect

logger = logging.getLogger(__name__)

POLL_S = 1.0
"""Seconds after which a waiter looks by itself, in case a signal was lost with its Redis."""


def _name_channel(run_id: int) -> str:
    return f"{settings.REDIS_PREFIX}run:{run_id}"


def signal_run(*, run_id: int) -> None:
    """Tell all who wait for the run that it moved. Without Redis they find out by themselves."""
    try:
        with connect() as client:
            client.publish(_name_channel(run_id), b"")
    except RedisError as error:
        logger.warning("run_signal_lost run=%s error=%s", run_id, error)


def watch_run(*, run_id: int, timeout_s: float) -> Iterator[None]:
    """Yield once at the start and again whenever the run may have moved, until the time is up.

    Subscribes before the first yield, so what happens between a look and the next is not missed.
    """
    deadline = time.monotonic() + timeout_s
    try:
        with connect() as client, client.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(_name_channel(run_id))
            yield
            while (left := deadline - time.monotonic()) > 0:
                channel.get_message(timeout=min(left, POLL_S))
                yield
    except RedisError as error:
        logger.warning("run_watch_lost run=%s error=%s", run_id, error)
        while (left := deadline - time.monotonic()) > 0:
            yield
            Event().wait(min(left, POLL_S))
        yield


def wait_until(condition: Callable[[], bool], *, run_id: int, timeout_s: float) -> bool:
    """Wait until the condition holds for the run; tell whether it does at the end."""
    for _ in watch_run(run_id=run_id, timeout_s=timeout_s):
        if condition():
            return True
    return condition()
