"""A Celery application of its own, whose one task brings one target up to date.

celery --app=bench.speed.tasks worker --queues=bench-per-task
"""

import os
from datetime import datetime
from functools import cache

import redis
from celery import Celery
from django.conf import settings
from django.db import transaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

QUEUE = "bench-per-task"

app = Celery("bench.speed", broker=settings.REDIS.celery, set_as_current=False)
app.conf.update(
    broker_transport_options=settings.CELERY_WORKER_TRANSPORT_OPTIONS,
    broker_connection_retry_on_startup=True,
    task_default_queue=QUEUE,
    task_ignore_result=True,
)


@app.task
def be_there() -> None:
    """Count as done: a worker is there."""
    _count("there")


@app.task
def update_one(run_id: int, batch_id: int, entity_id: int, level: int, at: str) -> None:
    """Bring one target up to date, in one transaction."""
    from bench.speed.one_by_one import update_target  # noqa: PLC0415 (needs Django's models)

    with transaction.atomic():
        update_target(
            run_id=run_id,
            batch_id=batch_id,
            entity_id=entity_id,
            level=level,
            at=datetime.fromisoformat(at),
        )
    _count(str(run_id))


def read_done(name: str) -> int:
    """Return how many tasks of a run are done."""
    return int(_connect().get(_write_key(name)) or 0)


def _count(name: str) -> None:
    _connect().incr(_write_key(name))


def _write_key(name: str) -> str:
    return f"{settings.REDIS_PREFIX}bench-done:{name}"


@cache
def _connect() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS.client)
