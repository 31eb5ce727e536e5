"""manage.py import_project: read a production file."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from propagation.interchange.defects import Defect, DefectiveProductionError, DefectList
from propagation.interchange.reading import parse_production
from propagation.services.import_production import ImportReport, import_production
from versions.exceptions import VersionsError

DEFECTIVE = 2
"""Exit code for a file with defects, and for a file that cannot be read."""


class Command(BaseCommand):
    help = (
        "Import a production file (JSON). Exit 0 when the project is as the file says, "
        "2 when the file has defects: all of them are listed and nothing is written."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", help="path of the file, or - for standard input")
        parser.add_argument("--project", help="code to import as; default: the file's project id")
        parser.add_argument("--dry-run", action="store_true", help="say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        defects = DefectList()
        production = parse_production(self._read(options["file"]), defects)
        if production is None:
            raise self._refuse(defects.listed, defects.total)
        project_code = options["project"] or production.code or self._name(options["file"])
        for key in production.ignored:
            self.stderr.write(f"ignored: the format has no key {key!r}")
        try:
            report = import_production(
                production=production,
                project_code=project_code,
                actor=None,
                at=timezone.now(),
                dry_run=options["dry_run"],
            )
        except DefectiveProductionError as error:
            raise self._refuse(error.defects, error.total) from error
        except VersionsError as error:
            raise CommandError(str(error), returncode=DEFECTIVE) from error
        except ValidationError as error:
            msg = f"The project code {project_code!r} will not do: {'; '.join(error.messages)}"
            raise CommandError(msg, returncode=DEFECTIVE) from error
        self._tell(report, is_dry_run=options["dry_run"])

    def _name(self, path: str) -> str:
        if path == "-":
            msg = "The production has no project id; name it with --project."
            raise CommandError(msg, returncode=DEFECTIVE)
        return Path(path).stem

    def _read(self, path: str) -> bytes:
        if path == "-":
            return sys.stdin.buffer.read()
        try:
            return Path(path).read_bytes()
        except OSError as error:
            msg = f"Cannot read {path}: {error.strerror}"
            raise CommandError(msg, returncode=DEFECTIVE) from error

    def _refuse(self, defects: Sequence[Defect], total: int) -> CommandError:
        for defect in defects:
            self.stderr.write(str(defect))
        rest = f", {len(defects)} of them listed" if total > len(defects) else ""
        return CommandError(
            f"{total} defect{'s' * (total != 1)}{rest}; nothing was imported.", returncode=DEFECTIVE
        )

    def _tell(self, report: ImportReport, *, is_dry_run: bool) -> None:
        verb = "would be" if is_dry_run else "is"
        self.stdout.write(
            f"{report.project} {verb} as the file says: "
            f"{report.created} entities created, {report.changed} changed, {report.kept} kept; "
            f"{report.references_added} references added, {report.references_changed} changed, "
            f"{report.references_removed} removed."
        )
        if report.run:
            name = "a run" if is_dry_run else f"run {report.run.pk}"
            self.stdout.write(
                f"{name}: {report.run.total} dependents to update, by the running stack or, "
                "where none runs, by the next one (make up)"
            )
