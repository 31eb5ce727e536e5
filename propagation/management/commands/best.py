"""manage.py best: choose which version of a slot is the best."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from propagation.execution.cause import Cause
from propagation.management.committing import finish_change
from propagation.management.exits import Exit
from propagation.management.impact import show_impact
from propagation.management.lookup import find_entity, read_count
from propagation.management.operation import OperatorCommand
from propagation.management.screen import Screen
from propagation.models import RunKind
from propagation.services.describe_preview import describe_preview
from propagation.services.set_best import preview_best, set_best
from versions.models import DEFINITION


class Command(OperatorCommand):
    help = (
        "Make a version the best of its slot, and bring along what follows it. "
        "Exit codes as of propagate."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("entity", help="its code, or project:code")
        parser.add_argument("number", type=read_count, help="of the version")
        parser.add_argument("--slot", default=DEFINITION)
        parser.add_argument("--note", default="", help="why")
        parser.add_argument("--dry-run", action="store_true", help="say what would change")

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        entity, slot, number = find_entity(options["entity"]), options["slot"], options["number"]
        cause = Cause(kind=RunKind.BEST, actor=None, note=options["note"])
        if options["dry_run"]:
            found = preview_best(entity=entity, slot=slot, number=number, cause=cause)
            described = describe_preview(entity=entity, found=found, slot=slot)
            show_impact(screen, described)
            screen.show_json(described)
            return Exit.OK
        outcome = set_best(entity=entity, slot=slot, number=number, cause=cause, at=timezone.now())
        return finish_change(screen, entity=entity, outcome=outcome, is_watched=False, slot=slot)
