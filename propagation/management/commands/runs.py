"""manage.py runs: list runs, steer them, and take them back."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from assets.management.projects import select_projects
from propagation.management.exits import Exit
from propagation.management.following import follow_run
from propagation.management.lookup import find_ids, find_run, read_count
from propagation.management.operation import OperatorCommand, add_json
from propagation.management.screen import Screen
from propagation.management.staffing import check_workers
from propagation.management.undoing import undo
from propagation.models import PropagationRun
from propagation.services.progress import describe_run
from propagation.services.steer_run import (
    cancel_run,
    pause_run,
    resume_run,
    retry_run,
    skip_items,
)

STEERS: dict[str, Callable[..., PropagationRun]] = {
    "pause": pause_run,
    "resume": resume_run,
    "cancel": cancel_run,
    "retry": retry_run,
}
LISTED = 50


class Command(OperatorCommand):
    help = (
        "List runs, steer them, leave out some of their items, or take them back. Exit 3 when the "
        "run is in no state for it; else as of propagate."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help=f"the newest {LISTED}")
        listing.add_argument("project", nargs="?", help="its code; default: all")
        add_json(listing)
        for verb in (*STEERS, "undo", "skip"):
            steering = verbs.add_parser(verb)
            steering.add_argument("run", type=read_count)
            add_json(steering)
            if verb == "skip":
                steering.add_argument("code", nargs="+", help="of a target that is not begun")
                continue
            steering.add_argument("--watch", action="store_true", help="follow it to its end")
            if verb == "undo":
                steering.add_argument("--reason", default="", help="why")
                steering.add_argument("--dry-run", action="store_true", help="only say what")
                steering.add_argument(
                    "--item", action="extend", nargs="+", metavar="CODE", help="these targets only"
                )

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        match options["verb"]:
            case "list":
                return _list(screen, options)
            case "skip":
                return _skip(screen, options)
            case "undo":
                return undo(screen, options)
        return _steer(screen, options)


def _list(screen: Screen, options: dict[str, Any]) -> Exit:
    projects = select_projects(options["project"])
    runs = PropagationRun.objects.filter(project__in=projects).order_by("-pk")
    rows = list(runs.select_related("project", "actor")[:LISTED])
    screen.show_table(
        ["run", "project", "kind", "status", "targets", "by", "since", "note"],
        [
            (
                run.pk,
                run.project.code,
                run.kind,
                run.status,
                run.total,
                run.actor,
                f"{run.created_at:%Y-%m-%d %H:%M:%S}",
                run.note,
            )
            for run in rows
        ],
    )
    screen.show_json({"runs": [_describe(run) for run in rows]})
    return Exit.OK


def _describe(run: PropagationRun) -> dict[str, Any]:
    return {
        "id": run.pk,
        "project_id": run.project.code,
        "kind": run.kind,
        "status": run.status,
        "total": run.total,
        "actor": run.actor.username if run.actor else None,
        "note": run.note,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }


def _steer(screen: Screen, options: dict[str, Any]) -> Exit:
    verb, run = options["verb"], find_run(options["run"])
    if options["watch"] and verb in {"resume", "retry"}:
        check_workers(run.batches.values_list("lane", flat=True).distinct())
    run = STEERS[verb](run_id=run.pk, actor=None, at=timezone.now())
    screen.say(f"run {run.pk} is {run.status}")
    code = Exit.OK
    if options["watch"]:
        run, code = follow_run(screen, run.pk)
    screen.show_json(describe_run(run))
    is_wanted = verb == "cancel" and code == Exit.CONFLICT
    return Exit.OK if is_wanted else code


def _skip(screen: Screen, options: dict[str, Any]) -> Exit:
    run = find_run(options["run"])
    found = skip_items(
        run_id=run.pk,
        entity_ids=find_ids(run.project, options["code"]),
        actor=None,
        at=timezone.now(),
    )
    screen.say(f"run {run.pk}: {found.skipped} left out, {found.too_late} too late")
    screen.show_json({"run_id": run.pk, "skipped": found.skipped, "too_late": found.too_late})
    return Exit.OK
