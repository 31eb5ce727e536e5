"""manage.py check_consistency: prove that everything is up to date."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assets.management.projects import select_projects
from propagation.recovery.consistency import check_project


class Command(BaseCommand):
    help = (
        "Check that every reference's target consumed the version that it follows. "
        "Exit 0 when that holds, 1 with the exceptions listed, 2 for an unknown project."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--project", help="code of one project; default: all")

    def handle(self, *args: Any, **options: Any) -> None:
        exceptions = 0
        for project in select_projects(options["project"]):
            check = check_project(project=project)
            exceptions += len(check.exceptions)
            for one in check.exceptions:
                self.stdout.write(f"{one.project}: {one.kind}: {one.detail}")
            self.stdout.write(
                f"{check.project}: {check.references} references, "
                f"{len(check.exceptions)} exceptions, {check.excused} excused "
                "(in an unfinished run, or failed)"
            )
        if exceptions:
            msg = f"{exceptions} exceptions."
            raise CommandError(msg, returncode=1)
