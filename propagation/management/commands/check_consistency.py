"""manage.py check_consistency: prove that everything is up to date, or bring it there."""

import argparse
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from assets.management.projects import select_projects
from assets.models import Project
from propagation.recovery.consistency import REPAIRABLE, ProjectCheck, check_project
from propagation.services.repair_project import repair_project


class Command(BaseCommand):
    help = (
        "Check that every reference's target consumed the version that it follows. "
        "Exit 0 when that holds, or a run was started for all that is outdated; "
        "1 with the exceptions listed; 2 for an unknown project."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--project", help="code of one project; default: all")
        parser.add_argument(
            "--repair", action="store_true", help="start a run for all that is outdated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        left = 0
        for project in select_projects(options["project"]):
            check = check_project(project=project)
            self._list(check)
            repaired = options["repair"] and self._repair(project)
            left += sum(not (repaired and one.kind in REPAIRABLE) for one in check.exceptions)
        if left:
            msg = f"{left} exceptions."
            raise CommandError(msg, returncode=1)

    def _list(self, check: ProjectCheck) -> None:
        for one in check.exceptions:
            self.stdout.write(f"{one.project}: {one.kind}: {one.detail}")
        kinds = Counter(one.kind for one in check.exceptions)
        counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        self.stdout.write(
            f"{check.project}: {check.references} references, "
            f"{len(check.exceptions)} exceptions{f' ({counted})' if counted else ''}, "
            f"{check.excused} excused (in an unfinished run, or failed)"
        )

    def _repair(self, project: Project) -> bool:
        run = repair_project(project=project, actor=None, at=timezone.now())
        if run is None:
            return False
        self.stdout.write(f"{project.code}: run {run.pk} brings {run.total} up to date")
        return True
