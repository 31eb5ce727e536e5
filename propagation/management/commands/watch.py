"""manage.py watch: follow a run until it is over."""

from argparse import ArgumentParser
from typing import Any

from propagation.management.exits import Exit
from propagation.management.following import follow_run
from propagation.management.lookup import read_count
from propagation.management.operation import OperatorCommand
from propagation.management.screen import Screen
from propagation.services.progress import describe_run


class Command(OperatorCommand):
    help = (
        "Follow a run, and whichever takes it over, until it is over. Exit 3 when somebody "
        "cancelled it, 5 when items failed, 7 when nobody works."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("run", type=read_count)

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        run, code = follow_run(screen, options["run"])
        screen.show_json(describe_run(run))
        return code
