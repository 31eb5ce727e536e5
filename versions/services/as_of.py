"""Entities as they were at a time: which version was best then, and what it was made from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from assets.models import Entity
from assets.setwise import select_ids
from versions.models import DEFINITION, BestChoice, Version


@dataclass(frozen=True, kw_only=True)
class BestThen:
    """The version that was best in one slot at a time."""

    entity_id: int
    slot: str
    version_id: int
    number: int


def existing_at(entities: QuerySet[Entity], *, at: datetime) -> QuerySet[Entity]:
    """Return those of the entities that had a definition at that time."""
    first = Version.objects.filter(entity=OuterRef("pk"), slot=DEFINITION, number=1)
    return entities.annotate(began_at=Subquery(first.values("created_at"))).filter(began_at__lte=at)


def find_definitions_at(*, entity_ids: Collection[int], at: datetime) -> dict[int, BestThen]:
    """Return the definition that was best at a time, by entity id; two statements.

    A definition becomes the best when it is published, or when somebody chooses it; whichever came
    last counts. Numbers say what came after what, since the clocks of hosts differ. An entity that
    did not exist is absent.
    """
    before = Version.objects.filter(
        entity=OuterRef("pk"), slot=DEFINITION, created_at__lte=at
    ).order_by("-number")
    rows = (
        Entity.objects.filter(pk__in=select_ids(entity_ids))
        .annotate(
            version_id=Subquery(before.values("pk")[:1]),
            number=Subquery(before.values("number")[:1]),
        )
        .exclude(version_id=None)
        .values_list("pk", "version_id", "number")
    )
    chosen = _find_choices(entity_ids, at, slot=DEFINITION)
    found: dict[int, BestThen] = {}
    for pk, version_id, number in rows:
        choice = chosen.get((pk, DEFINITION))
        if choice is not None and choice[1] >= number:
            found[pk] = choice[0]
        else:
            found[pk] = BestThen(
                entity_id=pk, slot=DEFINITION, version_id=version_id, number=number
            )
    return found


def find_media_at(*, entity_ids: Collection[int], at: datetime) -> dict[int, list[BestThen]]:
    """Return the best version of each slot of media at a time, by entity id; one statement."""
    found: dict[int, list[BestThen]] = {}
    for (entity_id, slot), (best, _) in sorted(_find_choices(entity_ids, at).items()):
        if slot != DEFINITION:
            found.setdefault(entity_id, []).append(best)
    return found


def _find_choices(
    entity_ids: Collection[int], at: datetime, slot: str | None = None
) -> Mapping[tuple[int, str], tuple[BestThen, int]]:
    """Return the newest choice in each slot up to a time, and the latest number at that time."""
    choices = BestChoice.objects.filter(
        version__entity_id__in=select_ids(entity_ids), chosen_at__lte=at
    )
    if slot is not None:
        choices = choices.filter(version__slot=slot)
    rows = choices.order_by("pk").values_list(
        "version__entity_id", "version__slot", "version_id", "version__number", "latest_number"
    )
    return {
        (entity_id, name): (
            BestThen(entity_id=entity_id, slot=name, version_id=version_id, number=number),
            latest_number,
        )
        for entity_id, name, version_id, number, latest_number in rows
    }
