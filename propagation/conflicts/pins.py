"""Find who stays at a version that is to be hidden."""

from django.db.models import Q

from assets.models import AssetReference, Follow
from propagation.conflicts.detect import list_some
from propagation.conflicts.strategies import MetObstacle
from versions.models import Version


def meet_pins(*, version: Version) -> MetObstacle | None:
    """Return the targets that are pinned to the version, if any are; one statement.

    Only definitions are consumed, so media are never pinned.
    """
    stays = Q(follow=Follow.FROZEN, consumption__version=version) | Q(pin__version=version)
    uses = AssetReference.objects.filter(source=version.entity_id)
    pinned = uses.filter(stays).order_by("target__code").distinct()
    rows = list(pinned.values_list("target__code", "pin__owner__username"))
    if not rows:
        return None
    targets = sorted({target for target, _ in rows})
    return MetObstacle(
        cause="pinned",
        description=f"{list_some(targets)} stay at v{version.number} of {version.entity.code}.",
        users=tuple(sorted({owner for _, owner in rows if owner})),
        detail={"targets": targets[:100]},
    )
