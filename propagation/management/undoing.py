"""Undo of a run from the command line: shown, or done."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from propagation.execution.cause import Cause
from propagation.management.committing import check_staffed, finish_run
from propagation.management.exits import Exit
from propagation.management.impact import show_fields, show_reach
from propagation.management.lookup import find_ids, find_run
from propagation.management.screen import Screen
from propagation.models import RunKind
from propagation.services.describe_preview import describe_impact
from propagation.services.undo_run import Undo, preview_undo, undo_run
from versions.naming import write_version_id

NAMED = 10
"""Entities that people are told by name."""


def undo(screen: Screen, options: Mapping[str, Any]) -> Exit:
    """Take a run back, or say what that would do."""
    run = find_run(options["run"])
    only = find_ids(run.project, options["item"]) if options["item"] else None
    cause = Cause(kind=RunKind.UNDO, actor=None, note=options["reason"])
    found = preview_undo(run_id=run.pk, only=only, cause=cause)
    if options["dry_run"]:
        described = {
            "dry_run": True,
            "undo_of": run.pk,
            **_describe(found.undo),
            "fields": [
                {
                    "id": found.codes[pk],
                    "field": one.field,
                    "before": one.before,
                    "after": one.after,
                }
                for pk, changes in found.undo.fields.items()
                for one in changes
            ],
            **describe_impact(project=run.project, found=found.found),
        }
        _show(screen, run.pk, found.undo)
        show_fields(screen, described["fields"])
        show_reach(screen, described)
        screen.show_json(described)
        return Exit.OK
    plan = found.found.plan if found.found else None
    check_staffed(plan, is_watched=options["watch"])
    done, outcome = undo_run(run_id=run.pk, only=only, cause=cause, at=timezone.now())
    _show(screen, run.pk, done)
    started = outcome.run or run
    told = {"undo_of": run.pk, **_describe(done), "affected_entities": outcome.affected}
    screen.say(f"run {started.pk}: {started.total} targets to update")
    return finish_run(screen, run=started, about=told, is_watched=options["watch"])


def _describe(found: Undo) -> dict[str, Any]:
    return {
        "returned": list(found.returned),
        "kept": [
            {"version": write_version_id(one.code, one.number), "author": one.author}
            for one in found.kept
        ],
    }


def _show(screen: Screen, run_id: int, found: Undo) -> None:
    screen.say(f"undo of run {run_id}: {_name(list(found.returned))} as before")
    if found.kept:
        screen.say(f"  changed since, so that it stays: {_name([one.code for one in found.kept])}")


def _name(codes: list[str]) -> str:
    more = len(codes) - NAMED
    return (", ".join(codes[:NAMED]) or "nothing") + (f" and {more} more" if more > 0 else "")
