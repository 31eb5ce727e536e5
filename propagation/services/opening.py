"""Open definitions for a change by people: locked in the one order, and not locked against them."""

from collections.abc import Collection

from assets.models import Entity, Kind
from assets.services.locking import lock_project
from versions.models import Head
from versions.services.heads import HeadState, lock_heads
from versions.services.slots import check_unlocked


def open_definitions(*, entities: Collection[Entity]) -> dict[int, HeadState]:
    """Lock the heads of the entities, all of one project, and return where they stand, by id.

    A definition of the project itself is written into the project's row too, which is locked
    before any head. EntityLockedError.
    """
    for entity in entities:
        if entity.kind == Kind.PROJECT:
            lock_project(project_id=entity.project_id)
    heads = lock_heads(Head.objects.filter(entity_id__in=[entity.pk for entity in entities]))
    check_unlocked(entity_ids=list(heads))
    return heads
