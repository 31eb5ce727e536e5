"""manage.py holds: what waits for a person, and the decision about it."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from assets.management.projects import select_projects
from propagation.management.committing import finish_run
from propagation.management.exits import Exit
from propagation.management.lookup import find_project, read_count
from propagation.management.operation import OperatorCommand, add_json
from propagation.management.screen import Screen
from propagation.models import PropagationItem
from propagation.services.decide_holds import HoldFilter, approve_holds, find_holds, reject_holds


class Command(OperatorCommand):
    help = (
        "List what rules keep back for a person, let it go on, or leave it as it is. "
        "Approving ends with 4 when rules hold back what is behind it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help="what waits")
        listing.add_argument("project", nargs="?", help="its code; default: all")
        listing.add_argument("--rule")
        add_json(listing)
        for verb, about in (("approve", "rebuild it"), ("reject", "leave it as it is")):
            deciding = verbs.add_parser(verb, help=about)
            deciding.add_argument("project", help="its code")
            which = deciding.add_mutually_exclusive_group(required=True)
            which.add_argument("--rule")
            which.add_argument("--run", type=read_count)
            which.add_argument("--all", action="store_true")
            deciding.add_argument("--note", default="", help="why")
            add_json(deciding)

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        return _list(screen, options) if options["verb"] == "list" else _decide(screen, options)


def _list(screen: Screen, options: dict[str, Any]) -> Exit:
    items = [
        item
        for project in select_projects(options["project"])
        for item in find_holds(project=project, wanted=HoldFilter(rule=options["rule"]))
        .select_related("entity__project", "run")
        .order_by("pk")
    ]
    screen.show_table(
        ["project", "target", "type", "run", "rule", "reason", "since"],
        [
            (
                item.entity.project.code,
                item.entity.code,
                item.entity.type,
                item.run_id,
                item.rule,
                item.reason,
                f"{item.run.created_at:%Y-%m-%d %H:%M:%S}",
            )
            for item in items
        ],
    )
    screen.show_json({"holds": [_describe(item) for item in items]})
    return Exit.OK


def _describe(item: PropagationItem) -> dict[str, Any]:
    return {
        "id": item.pk,
        "project_id": item.entity.project.code,
        "asset_id": item.entity.code,
        "type": item.entity.type,
        "run_id": item.run_id,
        "rule": item.rule,
        "reason": item.reason,
        "since": item.run.created_at,
    }


def _decide(screen: Screen, options: dict[str, Any]) -> Exit:
    decide = approve_holds if options["verb"] == "approve" else reject_holds
    decision = decide(
        project=find_project(options["project"]),
        wanted=HoldFilter(rule=options["rule"], run_id=options["run"]),
        note=options["note"],
        actor=None,
        at=timezone.now(),
    )
    told: dict[str, Any] = {"decided": decision.decided}
    if decision.run is None:
        done = "rejected" if decision.decided else "waited: nothing was done"
        screen.say(f"{decision.decided} holds {done}")
        screen.show_json({**told, "run_id": None, "held": 0, "run": None})
        return Exit.OK
    total = decision.run.total
    screen.say(f"{decision.decided} holds approved, run {decision.run.pk}: {total} targets")
    return finish_run(screen, run=decision.run, about=told, is_watched=False)
