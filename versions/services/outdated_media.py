"""Media that show a definition which looks otherwise by now."""

from collections.abc import Collection
from typing import TypeAlias

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery

from assets.models import Project
from assets.setwise import select_ids
from versions.facets import CONSUMED
from versions.models import DEFINITION, Head, Version
from versions.services.between import select_between, select_touching
from versions.services.made_from import MADE_FROM

Step: TypeAlias = tuple[int, int, int]
"""Entity id, and the numbers of two of its definitions."""


def find_shown_anew(*, steps: Collection[Step]) -> set[Step]:
    """Return those steps between which a facet changed that media show; one statement, or none.

    Notes about an entity do not outdate its pictures.
    """
    moved = [step for step in steps if step[1] != step[2]]
    if not moved:
        return set()
    ends = [number for _, *numbers in moved for number in numbers]
    candidates = Version.objects.filter(
        entity_id__in=select_ids({entity_id for entity_id, _, _ in moved}),
        slot=DEFINITION,
        number__gt=min(ends),
        number__lte=max(ends),
    )
    rows = select_touching(candidates, int(CONSUMED))
    changed: dict[int, list[int]] = {}
    for entity_id, number in rows.values_list("entity_id", "number"):
        changed.setdefault(entity_id, []).append(number)
    return {
        step
        for step in moved
        if any(min(step[1:]) < n <= max(step[1:]) for n in changed.get(step[0], ()))
    }


def find_outdated_media(*, project: Project) -> QuerySet[Head]:
    """Return the heads of a project's slots of media whose best version is outdated.

    Each with `made_from` and `shown_now`, the numbers of the definition that it shows and of the
    one that is the best.
    """
    definition = Head.objects.filter(entity=OuterRef("entity"), slot=DEFINITION)
    between = select_between(
        entity=OuterRef("entity"), ends=(OuterRef("made_from"), OuterRef("shown_now"))
    )
    return (
        Head.objects.filter(entity__project=project)
        .exclude(slot=DEFINITION)
        .alias(origin=FilteredRelation("best__inputs", condition=Q(best__inputs__role=MADE_FROM)))
        .filter(origin__source_version__isnull=False)
        .annotate(
            made_from=F("origin__source_version__number"),
            shown_now=Subquery(definition.values("best__number")),
        )
        .exclude(made_from=F("shown_now"))
        .filter(Exists(select_touching(between, int(CONSUMED))))
    )
