"""manage.py conflicts: edits that met another one, and the decision about them."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from assets.management.projects import select_projects
from propagation.management.assignments import read_value
from propagation.management.committing import finish_run, show_conflicts
from propagation.management.exits import Exit, refuse
from propagation.management.lookup import read_count
from propagation.management.operation import OperatorCommand, add_json
from propagation.management.screen import Screen
from propagation.models import Conflict, ConflictStatus
from propagation.services.describe_conflict import describe_conflict
from propagation.services.resolve_conflict import (
    Decision,
    dismiss_conflict,
    find_conflict,
    find_conflicts,
    resolve_conflict,
)


class Command(OperatorCommand):
    help = (
        "List edits that wait for a person, show both sides, choose, or leave the edit out. "
        "Resolving ends with 3 while something is left to decide."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help="what waits")
        listing.add_argument("project", nargs="?", help="its code; default: all")
        listing.add_argument("--status", default="open", choices=[*ConflictStatus.values, "all"])
        add_json(listing)
        showing = verbs.add_parser("show", help="both sides of each field")
        resolving = verbs.add_parser("resolve", help="choose, and do the edit")
        resolving.add_argument(
            "--take",
            action="append",
            default=[],
            metavar="FIELD=SIDE",
            help="base, theirs or yours",
        )
        resolving.add_argument(
            "--set", action="append", default=[], metavar="FIELD=VALUE", help="JSON or else text"
        )
        resolving.add_argument(
            "--proceed", action="store_true", help="do it whatever stands in the way"
        )
        dismissing = verbs.add_parser("dismiss", help="leave the edit out")
        for verb in (showing, resolving, dismissing):
            verb.add_argument("conflict", type=read_count, help="its number")
            add_json(verb)
        for verb in (resolving, dismissing):
            verb.add_argument("--note", default="", help="why")

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        verbs = {"list": _list, "show": _show, "resolve": _resolve, "dismiss": _dismiss}
        return verbs[options["verb"]](screen, options)


def _list(screen: Screen, options: dict[str, Any]) -> Exit:
    rows = find_conflicts(user=None).filter(project__in=select_projects(options["project"]))
    if options["status"] != "all":
        rows = rows.filter(status=options["status"])
    found = [describe_conflict(one) for one in rows.order_by("pk")]
    columns = ("id", "project_id", "asset_id", "type", "severity", "status", "author")
    screen.show_table(
        [*columns, "description"],
        [[one[name] for name in (*columns, "description")] for one in found],
    )
    screen.show_json({"conflicts": found})
    return Exit.OK


def _show(screen: Screen, options: dict[str, Any]) -> Exit:
    _tell(screen, find_conflict(pk=options["conflict"], user=None))
    return Exit.OK


def _resolve(screen: Screen, options: dict[str, Any]) -> Exit:
    taken = {field: {"take": side} for field, side in map(_split, options["take"])}
    typed = {field: {"value": read_value(text)} for field, text in map(_split, options["set"])}
    decision = Decision(
        choices={**taken, **typed}, proceeds=options["proceed"], note=options["note"]
    )
    found = resolve_conflict(
        pk=options["conflict"], decision=decision, actor=None, at=timezone.now()
    )
    if found.outcome is None:
        if found.is_overtaken:
            return show_conflicts(screen, [found.conflict])
        _tell(screen, found.conflict)
        return Exit.CONFLICT
    told = {"conflict": describe_conflict(found.conflict)}
    if found.outcome.run is None:
        screen.say(f"conflict {found.conflict.pk} is resolved; nothing had to be written")
        screen.show_json({**told, "run_id": None, "held": 0, "run": None})
        return Exit.OK
    run = found.outcome.run
    screen.say(f"conflict {found.conflict.pk} is resolved, run {run.pk}: {run.total} targets")
    return finish_run(screen, run=run, about=told, is_watched=False)


def _dismiss(screen: Screen, options: dict[str, Any]) -> Exit:
    left = dismiss_conflict(
        pk=options["conflict"], reason=options["note"], actor=None, at=timezone.now()
    )
    screen.say(f"conflict {left.pk} is dismissed; what is there stays")
    screen.show_json({"conflict": describe_conflict(left)})
    return Exit.OK


def _split(text: str) -> tuple[str, str]:
    field, sign, value = text.partition("=")
    if not field or not sign:
        msg = f"{text!r} is no FIELD=…"
        raise refuse(msg)
    return field, value


def _tell(screen: Screen, conflict: Conflict) -> None:
    told = describe_conflict(conflict)
    screen.say(f"conflict {conflict.pk} about {told['asset_id']}: {told['description']}")
    columns = ("field", "base", "theirs", "yours", "choice")
    rows = [[one.get(name) for name in columns] for one in told["fields"]]
    screen.show_table(columns, rows)
    screen.say(
        f"{told['status']}; {told['left']} left to choose; {', '.join(told['resolution_options'])}"
    )
    screen.show_json({"conflict": told})
