"""manage.py status: how the projects stand, and who works."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from assets.management.projects import select_projects
from propagation.management.exits import Exit
from propagation.management.operation import OperatorCommand
from propagation.management.screen import Screen
from propagation.management.staffing import read_workers
from propagation.management.standing import describe_project


class Command(OperatorCommand):
    help = (
        "Say what is under way, what waits in each lane, and what is out of date. "
        "Exit 2 for an unknown project."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("project", nargs="?", help="its code; default: all")

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        projects = [describe_project(one) for one in select_projects(options["project"])]
        workers = read_workers()
        screen.show_table(
            ["project", "state", "outdated", "held", "failed", "pinned"],
            [
                (
                    one["project_id"],
                    one["state"],
                    one["out_of_date"],
                    one["held"],
                    one["failed"],
                    one["pinned"],
                )
                for one in projects
            ],
        )
        self._show_runs(screen, projects)
        screen.say()
        screen.show_table(
            ["lane", "queued", "workers"],
            [
                (
                    lane,
                    sum(one["lanes"][lane]["queued"] for one in projects),
                    workers[lane] if workers else "unknown: Redis does not answer",
                )
                for lane in settings.LANES
            ],
        )
        screen.show_json({"projects": projects, "workers": workers})
        return Exit.OK

    def _show_runs(self, screen: Screen, projects: list[dict[str, Any]]) -> None:
        runs = [run for one in projects for run in one["active_runs"]]
        if not runs:
            return
        screen.say()
        screen.show_table(
            ["run", "project", "kind", "source", "status", "done", "progress"],
            [
                (
                    run["id"],
                    run["project_id"],
                    run["kind"],
                    run["version"],
                    run["status"],
                    f"{run['processed']}/{run['total']}",
                    f"{run['progress']} %",
                )
                for run in runs
            ],
        )
