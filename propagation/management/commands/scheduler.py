"""manage.py scheduler: the periodic jobs, in a plain loop beside the queues."""

import logging
import os
import signal
import threading
from socket import gethostname
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection
from django.utils import timezone
from redis.exceptions import RedisError

from propagation.live.workers import announce_scheduler
from propagation.recovery.rescue import rescue_batches
from propagation.recovery.sweep import sweep
from propagation.services.complete_jobs import expire_jobs
from propagation.services.edit_leases import forget_leases
from propagation.services.forget_keys import forget_keys
from propagation.services.pin_references import expire_pins
from propagation.services.read_events import forget_events

logger = logging.getLogger(__name__)

JOBS = (
    rescue_batches,
    sweep,
    expire_pins,
    expire_jobs,
    forget_keys,
    forget_leases,
    forget_events,
)


class Command(BaseCommand):
    help = "Run the periodic jobs until SIGTERM: what is overdue, and pins that are over."

    def handle(self, *args: Any, **options: Any) -> None:
        """Not a Celery task: a sweep must not wait in the queues that it watches over."""
        # Nobody waits for its answer, and a step is many messages.
        current_app.conf.broker_transport_options |= {
            "socket_timeout": settings.CELERY_WORKER_TRANSPORT_OPTIONS["socket_timeout"]
        }
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.wait(settings.SWEEP_INTERVAL_S):
            close_old_connections()
            try:
                announce_scheduler(hostname=f"{gethostname()}:{os.getpid()}")
            except RedisError as error:
                logger.warning("scheduler_not_announced error=%s", error)
            for job in JOBS:
                try:
                    job(at=timezone.now())
                except Exception:  # it is to run for months: say what happened and go on
                    logger.exception("%s_failed", job.__name__)
                    connection.close()
