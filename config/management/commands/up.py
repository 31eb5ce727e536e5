"""Run everything in one terminal."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.stack.exceptions import StackError
from config.stack.run import run_stack
from config.stack.state import StackAddress

FIRST_PORT = 8000
FIRST_FLOWER_PORT = 5555
INTERRUPTED = 130


LAST_PORT = 65_535


def read_port(text: str) -> int:
    """Return the port that an option names; argparse tells what is wrong with another one."""
    port = int(text)
    if not 0 <= port <= LAST_PORT:
        msg = f"a port is a number from 0 to {LAST_PORT}"
        raise ArgumentTypeError(msg)
    return port


class Command(BaseCommand):
    help = "Run the whole stack in this terminal: Redis, web, workers, scheduler and Flower."
    requires_system_checks = ()  # 0.3 s; `manage.py check` is part of `make check`

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=read_port, default=FIRST_PORT, help="of the web server")
        parser.add_argument("--flower-port", type=read_port, default=FIRST_FLOWER_PORT)
        parser.add_argument("--no-flower", action="store_true", help="run without Flower")

    def handle(self, **options: Any) -> None:
        started_at = time.monotonic()
        try:
            code = run_stack(
                port=options["port"],
                flower_port=options["flower_port"],
                with_flower=not options["no_flower"],
                when_ready=partial(self.describe, started_at),
                serve=True,
            )
        except (StackError, OSError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:  # before the supervisor listened to signals
            code = INTERRUPTED
        if code:
            raise SystemExit(code)

    def describe(self, started_at: float, address: StackAddress) -> None:
        """Print where everything is."""
        self.stdout.write(f"\nReady after {time.monotonic() - started_at:.1f} s")
        self.stdout.write(f"  Open    {address.web_url}/")
        self.stdout.write(f"  Admin   {address.web_url}/admin/")
        self.stdout.write(f"  API     {address.web_url}/api/v1/projects")
        if address.flower_url:
            where = address.flower_password_file or "FLOWER_BASIC_AUTH"
            self.stdout.write(f"  Flower  {address.flower_url}")
            self.stdout.write(f"          user {address.flower_user}, password in {where}")
        self.stdout.write("  Ctrl-C stops everything\n\n")
