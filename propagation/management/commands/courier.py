"""manage.py courier: carries news out of the house, after the commit and beside all else."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from propagation.live.workers import COURIER
from propagation.management.beside import Beside
from propagation.management.periodic import Announcement, Job, run_periodically
from propagation.notices.mailing import has_mail, send_mail
from propagation.notices.making import make_notices
from propagation.webhooks.courier import DISPATCHER
from propagation.webhooks.queueing import queue_webhooks

JOBS: tuple[Job, ...] = (
    Announcement(COURIER),
    make_notices,
    queue_webhooks,
    Beside(send_mail, has_work=has_mail),
    DISPATCHER.send_webhooks,
)
LAST_ANSWERS_S = 3.0
"""What is on its way when the courier ends has so long to arrive; the rest is sent again."""


class Command(BaseCommand):
    help = "Make and send notifications and webhooks until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        """Not the scheduler: who receives may be slow, and a sweep must not wait for them."""
        run_periodically(name=COURIER, jobs=JOBS, interval_s=settings.COURIER_INTERVAL_S)
        DISPATCHER.close(at=timezone.now(), patience_s=LAST_ANSWERS_S)
