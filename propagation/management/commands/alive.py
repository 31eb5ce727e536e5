"""manage.py alive: for the health checks of containers."""

from argparse import ArgumentParser
from socket import gethostname
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from redis.exceptions import RedisError

from propagation.live.workers import COURIER, SCHEDULER, is_announced


class Command(BaseCommand):
    help = (
        "Exit 0 when this machine runs a worker of the lane, a scheduler or a courier that said "
        "in the last 10 s that it lives, else 1. For health checks of containers."
    )
    requires_system_checks = ()  # it is asked often

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", choices=[*settings.LANES, SCHEDULER, COURIER])

    def handle(self, *args: Any, **options: Any) -> None:
        role = options["role"]
        try:
            is_there = is_announced(role, host=gethostname())
        except RedisError as error:
            msg = f"Redis does not answer: {error}"
            raise CommandError(msg) from error
        if not is_there:
            msg = f"No {role} of this machine said lately that it lives."
            raise CommandError(msg)
