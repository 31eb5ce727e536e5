"""Say what is well, what is not, and how to mend it."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from config.stack.checks import Check, run_checks

COLUMN = 18
UNHEALTHY = 1


class Command(BaseCommand):
    help = "Check each component, and say how to mend what is wrong. Exits with 1 if any is."
    requires_system_checks = ()  # they could fail for the very reason that is looked for

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, **options: Any) -> None:
        checks = []
        for check in run_checks():
            checks.append(check)
            if not options["json"]:
                self.print_line(check)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(check) for check in checks], indent=2))
        if not all(check.is_ok for check in checks):
            raise SystemExit(UNHEALTHY)

    def print_line(self, check: Check) -> None:
        """Print one finding, and below it what to do about it."""
        mark = self.style.SUCCESS("✓") if check.is_ok else self.style.ERROR("✗")
        remedy = "" if check.is_ok else f": {check.remedy}"
        self.stdout.write(f"{mark} {check.name:<{COLUMN}} {check.found}{remedy}")
