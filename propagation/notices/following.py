"""Subscribe people to what they edit, unless they said something of it themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from assets.models import Kind, Project
from assets.setwise import select_ids, select_texts
from propagation.models import (
    Event,
    RunKind,
    RunSource,
    Subscription,
    SubscriptionMode,
    SubscriptionOrigin,
)
from versions.models import DEFINITION, BestChoice, Origin, Version

EDITS = (RunKind.CHANGE, RunKind.ROLLBACK, RunKind.BEST, RunKind.RELINK, RunKind.PIN)
"""Runs whose sources their actor edited. Not an undo or an import: those touch whole films."""
WATCHABLE = (Kind.ASSET, Kind.SHOT, Kind.SEQUENCE)
"""Whoever edits the definition of a project did not ask to hear of all that happens in it."""
PICKED = frozenset({"version_created", "best_changed"})


def follow_editors(*, project: Project, events: Sequence[Event], at: datetime) -> None:
    """Subscribe whoever edited entities by these events; a constant number of statements.

    Edits of a definition start a run, and say who did it; of media, the version and the choice of
    the best say it. There is at most one row per person and entity, and one that is there stays.
    """
    edits = _find_edited(events) | _find_media(project, events)
    known = Subscription.objects.filter(
        entity_id__in=select_ids({entity_id for _, entity_id in edits}),
        user_id__in=select_ids({user_id for user_id, _ in edits}),
    )
    missing = edits - set(known.values_list("user_id", "entity_id"))
    # Whoever chooses at this very moment is first: their row stays.
    Subscription.objects.bulk_create(
        [
            Subscription(
                user_id=user_id,
                entity_id=entity_id,
                mode=SubscriptionMode.WATCH,
                origin=SubscriptionOrigin.EDITED,
                created_at=at,
            )
            for user_id, entity_id in sorted(missing)
        ],
        ignore_conflicts=True,
    )


def _find_edited(events: Sequence[Event]) -> set[tuple[int, int]]:
    """Return (user id, entity id) of the edits that started the runs of these events."""
    run_ids = {event.run_id for event in events if event.type == "run_state" and event.run_id}
    sources = RunSource.objects.filter(
        run_id__in=select_ids(run_ids),
        run__kind__in=EDITS,
        run__actor__isnull=False,
        entity__kind__in=WATCHABLE,
    )
    return set(sources.values_list("run__actor_id", "entity_id"))


def _find_media(project: Project, events: Sequence[Event]) -> set[tuple[int, int]]:
    """Return (user id, entity id) of media that people published, or chose as the best."""
    named: dict[str, set[tuple[str, str, int]]] = {name: set() for name in PICKED}
    for event in events:
        told = event.payload
        if event.type in PICKED and told.get("slot", DEFINITION) != DEFINITION:
            named[event.type].add((told["asset_id"], told["slot"], told["number"]))
    made = Version.objects.filter(origin=Origin.AUTHORED)
    return _find_authors(project, named["version_created"], made, prefix="") | _find_authors(
        project, named["best_changed"], BestChoice.objects.all(), prefix="version__"
    )


def _find_authors(
    project: Project, named: set[tuple[str, str, int]], rows: QuerySet[Any], *, prefix: str
) -> set[tuple[int, int]]:
    """Return (author id, entity id) of rows about versions of these (code, slot, number)."""
    codes, slots, numbers = map(set, zip(*named, strict=True)) if named else (set(), set(), set())
    column = {name: prefix + name for name in ("entity__code", "slot", "number", "entity_id")}
    written = rows.filter(
        **{
            f"{prefix}entity__project": project,
            f"{prefix}entity__kind__in": WATCHABLE,
            f"{column['entity__code']}__in": select_texts(codes),
            f"{column['slot']}__in": select_texts(slots),
            f"{column['number']}__in": select_ids(numbers),
        },
        author__isnull=False,
    )
    return {
        (author_id, entity_id)
        for *name, entity_id, author_id in written.values_list(*column.values(), "author_id")
        if tuple(name) in named
    }
