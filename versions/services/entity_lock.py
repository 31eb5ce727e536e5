"""Lock entities against changes by people, and unlock them."""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import Entity, Role
from assets.services.access import check_role
from assets.services.history import record_history
from assets.setwise import select_ids, update_rows
from versions.models import Head
from versions.services.heads import lock_heads
from versions.services.slots import lock_entities


@transaction.atomic
def set_entity_locks(
    *,
    project_id: int,
    entity_ids: Collection[int],
    is_locked: bool,
    reason: str,
    actor: User | None,
    at: datetime,
) -> list[int]:
    """Lock or unlock entities of a project; return the ids of those that were not so before.

    A locked entity gets no new content, references, media or best by people until it is unlocked;
    what it uses still reaches it. RoleTooLowError.
    """
    check_role(actor=actor, project_id=project_id, needed=Role.SUPERVISOR)
    entities = Entity.objects.filter(project_id=project_id, pk__in=select_ids(entity_ids))
    lock_heads(Head.objects.filter(entity__in=entities.values("pk")))
    lock_entities(ids=entity_ids)
    changed = sorted(entities.exclude(is_locked=is_locked).values_list("pk", flat=True))
    update_rows(
        model=Entity, key="id", columns=["is_locked"], rows=[(pk, is_locked) for pk in changed]
    )
    record_history(model=Entity, ids=changed, change="~", actor=actor, reason=reason, at=at)
    return changed
