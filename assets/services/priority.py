"""Say which entities are critical."""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import Entity, Priority, Role
from assets.services.access import check_role
from assets.services.history import record_history
from assets.services.locking import advance_graph_revision, lock_project
from assets.setwise import select_ids, update_rows


@transaction.atomic
def set_priority(
    *,
    project_id: int,
    entity_ids: Collection[int],
    priority: Priority,
    actor: User | None,
    at: datetime,
) -> int:
    """Give entities of a project this priority; return how many had another one.

    Critical entities, and what lies between them and a change, go through the realtime lane. The
    graph knows them, so its revision moves. RoleTooLowError.
    """
    check_role(actor=actor, project_id=project_id, needed=Role.SUPERVISOR)
    project = lock_project(project_id=project_id)
    others = Entity.objects.filter(project=project, pk__in=select_ids(entity_ids))
    changed = list(others.exclude(priority=priority).values_list("pk", flat=True))
    if changed:
        update_rows(
            model=Entity, key="id", columns=["priority"], rows=[(pk, priority) for pk in changed]
        )
        record_history(model=Entity, ids=changed, change="~", actor=actor, reason="priority", at=at)
        advance_graph_revision(project=project)
    return len(changed)
