"""Outdated references that nothing will mend: the invariant, as one query."""

from collections.abc import Collection, Sequence

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from assets.models import AssetReference
from propagation.models import ItemState, PropagationItem, PropagationRun, RunSource
from propagation.models.run import ACTIVE_STATUSES
from propagation.models.work import OPEN_STATES
from versions.services.following import find_outdated

EXCUSED = (
    ItemState.FAILED,
    ItemState.HELD,
    ItemState.IGNORED,
    ItemState.REJECTED,
    ItemState.SKIPPED,
    ItemState.CANCELLED,
)
"""States of a target's newest item that say why it is outdated."""


def find_uncovered(references: QuerySet[AssetReference]) -> QuerySet[AssetReference]:
    """Return those references that are outdated while no unfinished run contains their target.

    A target whose newest item failed, is held, or is left as it is by a rule or a person, is left
    out as well: it is a known exception. So is a reference to what an unfinished run moves, added
    since that run was planned: whatever it is left with then is found when the run ends.
    The targets to leave out are few and found once, by the index on open items; asked for each
    reference instead, 200 000 references took a minute on SQLite. Runs that were overtaken are
    fewer still, and looked up first.
    """
    waiting = Q(state__in=OPEN_STATES, run__status__in=ACTIVE_STATUSES)
    excused = PropagationItem.objects.filter(
        Q(state__in=[*OPEN_STATES, *EXCUSED]), waiting | select_last(EXCUSED)
    )
    uncovered = find_outdated(references).exclude(target_id__in=excused.values("entity_id"))
    overtaken = list(
        PropagationRun.objects.filter(status__in=ACTIVE_STATUSES)
        .exclude(graph_revision=F("project__graph_revision"))
        .values_list("pk", flat=True)
    )
    return uncovered.exclude(select_moved(run_ids=overtaken)) if overtaken else uncovered


def select_moved(*, run_ids: Collection[int]) -> Q:
    """Select references to what these runs have moved, or are about to."""
    items = PropagationItem.objects.filter(run__in=run_ids)
    sources = RunSource.objects.filter(run__in=run_ids)
    return Q(source_id__in=items.values("entity_id")) | Q(source_id__in=sources.values("entity_id"))


def select_last(states: Sequence[ItemState]) -> Q:
    """Select items in these states that no later run of the same target made good."""
    later = PropagationItem.objects.filter(
        entity=OuterRef("entity_id"),
        pk__gt=OuterRef("pk"),
        state__in=[ItemState.APPLIED, ItemState.UNCHANGED],
    )
    return Q(~Exists(later), state__in=states)
