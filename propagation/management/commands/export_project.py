"""manage.py export_project: write a production file."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from assets.management.projects import select_projects
from propagation.services.export_production import export_production


class Command(BaseCommand):
    help = "Write a project to standard output in the format that import_project reads."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("project", help="code of the project")

    def handle(self, *args: Any, **options: Any) -> None:
        project = select_projects(options["project"]).get()
        for piece in export_production(project=project):
            self.stdout.write(piece, ending="")
