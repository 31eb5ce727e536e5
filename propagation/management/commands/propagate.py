"""manage.py propagate: change an entity and bring along all that depends on it."""

from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.utils import timezone

from propagation.execution.cause import Cause
from propagation.management.changing import add_change_arguments, make_cause, read_change
from propagation.management.committing import check_staffed, finish_change
from propagation.management.exits import Exit, refuse
from propagation.management.impact import make_shown, show_impact
from propagation.management.operation import OperatorCommand
from propagation.management.screen import Screen
from propagation.services.describe_preview import describe_preview
from propagation.services.propagate_change import ChangePreview, preview_changes, propagate_change


class Command(OperatorCommand):
    help = (
        "Change an entity, and bring all that depends on it up to date; asks first. "
        "Exit 3 for a conflict, 4 when rules held targets back, 5 when items of a watched run "
        "failed, 6 when the plan is stale, 7 when nobody works."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_change_arguments(parser)
        parser.add_argument("--note", default="", help="why")
        parser.add_argument("--plan", metavar="TOKEN", help="do what `impact` showed, or nothing")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--watch", action="store_true", help="follow the run until it is over")

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        if not options["yes"] and not screen.can_ask():
            msg = "Nobody can be asked here, so nothing was changed; say --yes to go on without."
            raise refuse(msg)
        change = read_change(options)
        cause = make_cause(change.entity, options)
        found = preview_changes(changes=[change], cause=cause, at=timezone.now())
        described = describe_preview(entity=change.entity, found=found)
        if found.plan is not None:
            show_impact(screen, described)
            check_staffed(found.plan, is_watched=options["watch"])
            cause = cause if options["yes"] else _ask(screen, cause, found)
        outcome = propagate_change(change=change, cause=cause, at=timezone.now())
        return finish_change(
            screen,
            entity=change.entity,
            outcome=outcome,
            is_watched=options["watch"],
            about={"preview": described},
        )


def _ask(screen: Screen, cause: Cause, found: ChangePreview) -> Cause:
    """Return the cause bound to what was shown, which may be otherwise when somebody answers."""
    if not screen.ask("Do it?"):
        msg = "Nothing was changed."
        raise refuse(msg)
    return replace(cause, shown=cause.shown or make_shown(found))
