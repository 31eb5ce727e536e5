"""What the admin has to decide about."""

from django.utils import timezone

from propagation.models import PropagationItem
from tests.builders import change, drive, get_entity
from versions.services.entity_lock import set_entity_locks


def hold() -> PropagationItem:
    """Have a locked shot that a change is held before."""
    shot = get_entity("shot-00000")
    set_entity_locks(
        project_id=shot.project_id,
        entity_ids=[shot.pk],
        is_locked=True,
        reason="",
        actor=None,
        at=timezone.now(),
    )
    run = change("hero", hat="tall").run
    assert run
    item: PropagationItem = drive(run).items.get(state="held")
    return item
