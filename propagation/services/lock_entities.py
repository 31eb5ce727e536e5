"""Lock entities against changes by people, and tell of it."""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import Entity
from assets.setwise import select_ids
from propagation.live.events import News, record_events
from versions.services.entity_lock import set_entity_locks


@transaction.atomic
def lock_entities(
    *,
    project_id: int,
    entity_ids: Collection[int],
    is_locked: bool,
    reason: str,
    actor: User | None,
    at: datetime,
) -> list[int]:
    """Lock or unlock entities as set_entity_locks does; same errors."""
    changed = set_entity_locks(
        project_id=project_id,
        entity_ids=entity_ids,
        is_locked=is_locked,
        reason=reason,
        actor=actor,
        at=at,
    )
    codes = Entity.objects.filter(pk__in=select_ids(changed)).order_by("pk")
    news = [
        News(type="entity_state", payload={"asset_id": code, "is_locked": is_locked})
        for code in codes.values_list("code", flat=True)
    ]
    if news:
        record_events(project_id=project_id, news=news, at=at)
    return changed
