"""Find who watches a sequence that holds what runs changed or reached.

What is held and what was reached are put together here, not by the database: of a run that has
just ended its statistics know nothing, and the join that it chose took minutes for 100 000 targets.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db import connection

from assets.models import AssetReference, Kind
from assets.setwise import select_ids
from propagation.models import (
    ItemState,
    PropagationItem,
    Reason,
    RunSource,
    Subscription,
    SubscriptionMode,
)
from propagation.notices.reasons import Reach

REACHED = (ItemState.FAILED, ItemState.HELD, ItemState.APPLIED)
"""States of a target that somebody is told of; that of the thing which is named, first."""


def find_watched_sequences(*, project_id: int, run_ids: Collection[int]) -> list[Reach]:
    """Return the watchers of sequences that hold a shot of the runs, however deep.

    A shot that the watcher muted does not count, nor a sequence that was reached itself: that one
    is a target. Five statements, or one where nobody watches a sequence.
    """
    watchers = _find_watchers(project_id)
    if not watchers:
        return []
    holders = _find_holders(watchers)
    reached = _find_reached(run_ids)
    muted = _find_muted(project_id, {user_id for users in watchers.values() for user_id in users})
    return _count(
        watchers=watchers,
        hits=[
            (run_id, sequence_id, shot_id)
            for run_id, shot_id in reached
            for sequence_id in holders.get(shot_id, ())
            if (run_id, sequence_id) not in reached
        ],
        muted=muted,
    )


def _count(
    *,
    watchers: Mapping[int, Collection[int]],
    hits: Iterable[tuple[int, int, int]],
    muted: Mapping[int, Collection[int]],
) -> list[Reach]:
    """Return each watcher's reach. hits: (run, sequence, shot); muted: users by shot."""
    all_hits, deaf_hits = Counter[tuple[int, int]](), Counter[tuple[int, int, int]]()
    for run_id, sequence_id, shot_id in hits:
        all_hits[run_id, sequence_id] += 1
        deaf_hits.update((run_id, sequence_id, user_id) for user_id in muted.get(shot_id, ()))
    found: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for (run_id, sequence_id), count in all_hits.items():
        for user_id in watchers[sequence_id]:
            if deaf_hits[run_id, sequence_id, user_id] < count:
                found[run_id, user_id].append(sequence_id)
    return [
        Reach(
            run_id=run_id,
            user_id=user_id,
            reason=Reason.SEQUENCE,
            entity_id=min(sequence_ids),
            count=len(sequence_ids),
        )
        for (run_id, user_id), sequence_ids in found.items()
    ]


def _find_watchers(project_id: int) -> dict[int, set[int]]:
    """Return who watches each sequence of the project that somebody watches."""
    rows = Subscription.objects.filter(
        mode=SubscriptionMode.WATCH, entity__project=project_id, entity__kind=Kind.SEQUENCE
    )
    return _group(rows.values_list("entity_id", "user_id"))


def _find_holders(sequence_ids: Collection[int]) -> dict[int, set[int]]:
    """Return which of the sequences hold each shot, by themselves or by those below them."""
    wanted = select_ids(sequence_ids)
    reference = connection.ops.quote_name(AssetReference._meta.db_table)  # noqa: SLF001
    statement = f"""
        WITH RECURSIVE part(holder_id, entity_id, role) AS (
            SELECT target_id, source_id, role FROM {reference}
            WHERE target_id IN ({wanted.sql}) AND role IN ('in_sequence', 'in_parent')
            UNION
            SELECT part.holder_id, below.source_id, below.role
            FROM part JOIN {reference} below ON below.target_id = part.entity_id
            WHERE part.role = 'in_parent' AND below.role IN ('in_sequence', 'in_parent')
        )
        SELECT entity_id, holder_id FROM part WHERE role = 'in_sequence'
    """  # noqa: S608 (the name of our table, and placeholders)
    with connection.cursor() as cursor:
        cursor.execute(statement, wanted.params)
        return _group(cursor.fetchall())


def _find_reached(run_ids: Collection[int]) -> set[tuple[int, int]]:
    """Return (run id, entity id) of all that the runs changed or reached."""
    wanted = select_ids(run_ids)
    items = PropagationItem.objects.filter(run_id__in=wanted, state__in=REACHED)
    sources = RunSource.objects.filter(run_id__in=wanted)
    columns = ("run_id", "entity_id")
    return {*items.values_list(*columns), *sources.values_list(*columns)}


def _find_muted(project_id: int, user_ids: Collection[int]) -> dict[int, set[int]]:
    """Return which of the users muted each shot."""
    rows = Subscription.objects.filter(
        mode=SubscriptionMode.MUTE,
        entity__project=project_id,
        entity__kind=Kind.SHOT,
        user_id__in=select_ids(user_ids),
    )
    return _group(rows.values_list("entity_id", "user_id"))


def _group(pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    grouped: defaultdict[int, set[int]] = defaultdict(set)
    for key, value in pairs:
        grouped[key].add(value)
    return dict(grouped)
