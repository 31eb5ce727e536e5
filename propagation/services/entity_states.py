"""How entities stand: one word for each, the same on every page."""

from collections.abc import Collection
from enum import StrEnum

from assets.models import AssetReference
from assets.setwise import select_ids
from propagation.execution.outdated import select_last
from propagation.models import Conflict, ConflictStatus, ItemState, PropagationItem
from propagation.models.run import ACTIVE_STATUSES
from propagation.models.work import OPEN_STATES
from versions.services.following import find_left_behind, find_outdated


class EntityState(StrEnum):
    """What people have to know of an entity; of several the first counts."""

    CONFLICT = "conflict"
    FAILED = "failed"
    HELD = "held"
    UPDATING = "updating"
    OUTDATED = "outdated"
    PINNED = "pinned"
    CURRENT = "current"


def read_entity_states(*, project_id: int, entity_ids: Collection[int]) -> dict[int, EntityState]:
    """Return how these entities of a project stand, by id; six statements."""
    ids = select_ids(entity_ids)
    references = AssetReference.objects.filter(project_id=project_id, target_id__in=ids)
    items = PropagationItem.objects.filter(entity_id__in=ids)
    conflicts = Conflict.objects.filter(entity_id__in=ids, status=ConflictStatus.OPEN)
    working = items.filter(state__in=OPEN_STATES, run__status__in=ACTIVE_STATUSES)
    members = {
        EntityState.PINNED: find_left_behind(references).values_list("target_id", flat=True),
        EntityState.OUTDATED: find_outdated(references).values_list("target_id", flat=True),
        EntityState.UPDATING: working.values_list("entity_id", flat=True),
        EntityState.HELD: items.filter(state=ItemState.HELD).values_list("entity_id", flat=True),
        EntityState.FAILED: items.filter(select_last([ItemState.FAILED])).values_list(
            "entity_id", flat=True
        ),
        EntityState.CONFLICT: conflicts.values_list("entity_id", flat=True),
    }
    found = dict.fromkeys(entity_ids, EntityState.CURRENT)
    for state, rows in members.items():  # the strongest last
        found |= dict.fromkeys(rows.order_by(), state)
    return found
