"""manage.py verify_history: prove that no version was lost or altered."""

import argparse
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assets.management.projects import select_projects
from versions.services.verify import Verification, read_snapshot, verify_history

LISTED = 100


class Command(BaseCommand):
    help = (
        "Recompute the checksum of every version. Exit 0 when history is whole, 1 with the flaws "
        f"listed (the first {LISTED} of a project), 2 for an unknown project."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--project", help="code of one project; default: all")

    def handle(self, *args: Any, **options: Any) -> None:
        flawed = 0
        for project in select_projects(options["project"]):
            done = Verification()
            with read_snapshot():
                flaws = list(islice(verify_history(project=project, done=done), LISTED))
            flawed += bool(flaws)
            for flaw in flaws:
                self.stdout.write(f"{project.code}: {flaw}")
            verdict = "is flawed" if flaws else "is whole"
            self.stdout.write(f"{project.code}: the history of {done.versions} versions {verdict}")
        if flawed:
            msg = f"The history of {flawed} projects is not what was published."
            raise CommandError(msg, returncode=1)
