"""manage.py rollback: take an entity back to an earlier version, and its dependents along."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from propagation.execution.cause import Cause
from propagation.management.committing import check_staffed, finish_change
from propagation.management.exits import Exit
from propagation.management.impact import show_impact
from propagation.management.lookup import find_entity, read_count
from propagation.management.operation import OperatorCommand
from propagation.management.screen import Screen
from propagation.models import RunKind
from propagation.services.describe_preview import describe_preview
from propagation.services.roll_back import RollbackPreview, preview_rollback, roll_back
from versions.naming import write_version_id


class Command(OperatorCommand):
    help = (
        "Publish the content of an earlier version anew, and bring along what depends on it. "
        "Exit codes as of propagate."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("entity", help="its code, or project:code")
        parser.add_argument("--to", type=read_count, required=True, metavar="NUMBER")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--dry-run", action="store_true", help="say what would change")
        parser.add_argument("--watch", action="store_true", help="follow the run until it is over")

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        entity, number = find_entity(options["entity"]), options["to"]
        cause = Cause(kind=RunKind.ROLLBACK, actor=None, note=options["reason"])
        found = preview_rollback(entity=entity, to_version=number, cause=cause)
        told = describe_preview(entity=entity, found=found.change) | _describe(found)
        if options["dry_run"]:
            show_impact(screen, told)
            _show_moved_on(screen, found)
            screen.show_json(told)
            return Exit.OK
        check_staffed(found.change.plan, is_watched=options["watch"])
        outcome = roll_back(entity=entity, to_version=number, cause=cause, at=timezone.now())
        _show_moved_on(screen, found)
        return finish_change(
            screen,
            entity=entity,
            outcome=outcome,
            is_watched=options["watch"],
            about={"rolled_back_to": write_version_id(entity.code, number), **_describe(found)},
        )


def _describe(found: RollbackPreview) -> dict[str, Any]:
    return {
        "versions_between": [str(version) for version in found.between],
        "moved_on": [write_version_id(one.code, one.number) for one in found.moved_on],
    }


def _show_moved_on(screen: Screen, found: RollbackPreview) -> None:
    for one in found.moved_on:
        screen.say(f"  {one.code} keeps what {one.author or 'the operator'} changed since")
