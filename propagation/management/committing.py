"""What a command says of a change that it made, and what it ends with."""

from collections.abc import Sequence
from typing import Any

from assets.models import Entity
from propagation.management.exits import Exit
from propagation.management.following import follow_run
from propagation.management.lookup import find_run
from propagation.management.screen import Screen
from propagation.management.staffing import check_workers
from propagation.models import Conflict, PropagationRun
from propagation.planning.plan import Plan
from propagation.services.change_content import Outcome
from propagation.services.describe_conflict import describe_conflict
from propagation.services.progress import count_held, describe_run
from propagation.services.resolve_conflict import find_conflict
from versions.models import DEFINITION
from versions.naming import write_version_id


def check_staffed(plan: Plan | None, *, is_watched: bool) -> None:
    """Refuse to start what nobody would do while somebody watches; CommandError (exit 7)."""
    if plan is not None and is_watched:
        check_workers(plan.lane_counts)


def finish_change(
    screen: Screen,
    *,
    entity: Entity,
    outcome: Outcome,
    is_watched: bool,
    slot: str = DEFINITION,
    about: dict[str, Any] | None = None,
) -> Exit:
    """Say what a change of one entity did, follow its run if wanted, and return the exit code."""
    if outcome.open_conflicts:
        return show_conflicts(screen, outcome.open_conflicts)
    version = write_version_id(entity.code, outcome.version_numbers[entity.pk], slot)
    told = {**(about or {}), "version": version, "affected_entities": outcome.affected}
    if outcome.run is None:
        is_changed = entity.pk in outcome.changed
        screen.say(f"{version} is {'the best' if is_changed else 'so already: nothing changed'}")
        screen.show_json({**told, "status": "success", "run_id": None, "held": 0, "run": None})
        return Exit.OK
    run = outcome.run
    screen.say(f"{version} is the best, run {run.pk}: {run.total} targets to update")
    return finish_run(screen, run=run, about=told, is_watched=is_watched)


def show_conflicts(screen: Screen, conflicts: Sequence[Conflict]) -> Exit:
    """Say what an edit met that was not written, and how to decide about it."""
    for conflict in conflicts:
        screen.warn(f"{conflict.description} Nothing was written.")
        screen.warn(f"decide with: manage.py conflicts resolve {conflict.pk}")
    told = [describe_conflict(find_conflict(pk=one.pk, user=None)) for one in conflicts]
    screen.show_json({"status": "conflict", "conflicts": told})
    return Exit.CONFLICT


def finish_run(
    screen: Screen, *, run: PropagationRun, about: dict[str, Any], is_watched: bool
) -> Exit:
    """Follow a run that was started if that is wanted, and return the exit code of it all."""
    held, code, last = count_held(run), Exit.OK, find_run(run.pk)
    if is_watched:
        last, code = follow_run(screen, run.pk)
    elif last.is_active:
        screen.say(f"follow it with: manage.py watch {run.pk}")
    described = describe_run(last)
    screen.show_json(
        {**about, "status": last.status, "run_id": run.pk, "held": held, "run": described}
    )
    if held:
        screen.warn(
            f"{held} targets wait for a person; see: manage.py holds list {last.project.code}"
        )
    return code or (Exit.HELD if held else Exit.OK)
