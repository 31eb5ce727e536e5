"""The Celery application: three queues, one per lane."""

import logging
import os
from socket import gethostname
from typing import Any

from celery import Celery
from celery.signals import (
    celeryd_init,
    heartbeat_sent,
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
)
from django.conf import settings
from django_structlog.celery.receivers import CeleryReceiver
from redis.exceptions import RedisError

from config.collector import calm_collector
from config.telemetry import start_telemetry, stop_telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

logger = logging.getLogger(__name__)

app = Celery("continuity")
# Not config_from_object("django.conf:settings"): Flower would then show every Django setting,
# passwords included. Read on first use: this package is imported before settings are complete.
app.add_defaults(lambda: settings.CELERY)
app.autodiscover_tasks()

RECEIVER = CeleryReceiver()
"""Lets log lines of a task carry what those of its sender carry: request, user and run."""
RECEIVER.connect_worker_signals()


@celeryd_init.connect
def be_a_worker(conf: Any = None, **_: object) -> None:  # noqa: ANN401 (Celery's Settings)
    """Let a worker wait for its broker, and hold no lock for long.

    Every other process gives up on the broker at once.

    A web process that publishes while Redis is down must answer its caller: the run row is
    committed and the sweep publishes it later.
    """
    conf.broker_transport_options = settings.CELERY_WORKER_TRANSPORT_OPTIONS
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.postgresql":
        database["OPTIONS"]["options"] += settings.WORKER_SESSION


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Keep the logging that settings configured; Celery would replace it."""


@worker_process_init.connect
def prepare_process(**_: object) -> None:
    """Prepare a process of a worker for its tasks; trace them, where that is asked for."""
    start_telemetry(service="worker")
    calm_collector()


@worker_process_shutdown.connect
def send_traces(**_: object) -> None:
    """Send the last of it: this process ends without running what is registered for its end."""
    stop_telemetry()


@worker_ready.connect
@heartbeat_sent.connect
def announce_lanes(**_: object) -> None:
    """Say every 2 seconds which lanes this worker consumes; /health/ready counts them."""
    from propagation.live.workers import announce_worker  # noqa: PLC0415 (needs loaded settings)

    try:
        announce_worker(
            hostname=f"{gethostname()}:{os.getpid()}", lanes=list(app.amqp.queues.consume_from)
        )
    except RedisError as error:
        logger.warning("worker_not_announced error=%s", error)
