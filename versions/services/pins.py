"""Read which targets are pinned, by whom and why."""

from collections.abc import Collection

from assets.setwise import select_ids
from versions.models import Pin


def read_pins(*, entity_ids: Collection[int]) -> dict[int, str]:
    """Return who pinned references of these targets, and why, by target id; one statement."""
    found: dict[int, str] = {}
    pins = Pin.objects.filter(reference__target_id__in=select_ids(entity_ids))
    rows = pins.order_by("pk").values_list(
        "reference__target_id",
        "reference__source__code",
        "version__number",
        "owner__username",
        "reason",
        "expires_at",
    )
    for target, source, number, owner, reason, expires_at in rows:
        until = f" until {expires_at:%Y-%m-%d %H:%M} UTC" if expires_at else ""
        why = f": {reason}" if reason else ""
        text = f"{source} at v{number} by {owner or 'the operator'}{until}{why}"
        found[target] = f"{found[target]}; {text}" if target in found else text
    return found
