"""manage.py scheduler: the periodic jobs, in a plain loop beside the queues."""

from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand

from propagation.live.workers import SCHEDULER
from propagation.management.periodic import Announcement, run_periodically
from propagation.recovery.rescue import rescue_batches
from propagation.recovery.sweep import sweep
from propagation.services.access_tokens import forget_tokens
from propagation.services.complete_jobs import expire_jobs
from propagation.services.edit_leases import forget_leases
from propagation.services.forget_keys import forget_keys
from propagation.services.forget_notices import forget_notices
from propagation.services.pin_references import expire_pins
from propagation.services.read_events import forget_events
from propagation.services.send_webhooks import forget_deliveries

JOBS = (
    Announcement(SCHEDULER),
    rescue_batches,
    sweep,
    expire_pins,
    expire_jobs,
    forget_keys,
    forget_leases,
    forget_events,
    forget_deliveries,
    forget_notices,
    forget_tokens,
)


class Command(BaseCommand):
    help = "Run the periodic jobs until SIGTERM: what is overdue, and pins that are over."

    def handle(self, *args: Any, **options: Any) -> None:
        """Not a Celery task: a sweep must not wait in the queues that it watches over."""
        # Nobody waits for its answer, and a step is many messages.
        current_app.conf.broker_transport_options |= {
            "socket_timeout": settings.CELERY_WORKER_TRANSPORT_OPTIONS["socket_timeout"]
        }
        run_periodically(name=SCHEDULER, jobs=JOBS, interval_s=settings.SWEEP_INTERVAL_S)
