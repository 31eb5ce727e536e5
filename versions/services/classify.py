"""Classify changes into facets by what a project knows of its fields."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import F, Value

from assets.models import Entity
from assets.setwise import select_ids
from versions.canonical import JsonObject
from versions.change import find_changes
from versions.facets import ALL_FACETS, FIELD_FACETS, NO_FACETS, Facet, classify, read_facets
from versions.models import DEFINITION, FieldFacet, Version
from versions.services.between import select_between
from versions.services.heads import HeadState


@dataclass(frozen=True, kw_only=True)
class FieldMaps:
    """What is known of fields, by entity type; the built-in map for types without an own one."""

    by_type: Mapping[str, Mapping[str, Facet]]
    general: Mapping[str, Facet]

    def classify_fields(self, *, entity_type: str, fields: Iterable[str]) -> Facet:
        """Return the facets that a change of these fields of such an entity touches."""
        return classify(fields, self.by_type.get(entity_type, self.general))

    def compare(self, *, entity_type: str, before: JsonObject | None, after: JsonObject) -> Facet:
        """Return the facets in which two contents differ; None before: all of them."""
        if before is None:
            return ALL_FACETS
        fields = [one.field for one in find_changes(before, after)]
        return self.classify_fields(entity_type=entity_type, fields=fields)


def load_field_maps(*, project_id: int) -> FieldMaps:
    """Return the built-in map with what the project says over it; one statement."""
    general = dict(FIELD_FACETS)
    own: dict[str, dict[str, Facet]] = {}
    rows = FieldFacet.objects.filter(project=project_id).order_by("pk")
    for entity_type, field, facet in rows.values_list("entity_type", "field", "facet"):
        known = own.setdefault(entity_type, {}) if entity_type else general
        known[field] = read_facets([facet])
    return FieldMaps(
        by_type={name: {**general, **known} for name, known in own.items()}, general=general
    )


def classify_changes(
    *, project_id: int, heads: Mapping[int, HeadState], contents: Mapping[int, JsonObject]
) -> dict[int, Facet]:
    """Return the facets in which new contents differ from the latest versions, by entity id.

    All of them for an entity without a version. Three statements.
    """
    maps = load_field_maps(project_id=project_id)
    types = dict(Entity.objects.filter(pk__in=select_ids(contents)).values_list("pk", "type"))
    latest = Version.objects.filter(
        pk__in=select_ids(heads[pk].latest.id or 0 for pk in contents if pk in heads)
    )
    before: dict[int, str] = dict(latest.values_list("entity_id", "content__body"))
    return {
        pk: maps.compare(
            entity_type=types[pk],
            before=json.loads(before[pk]) if pk in before else None,
            after=content,
        )
        for pk, content in contents.items()
    }


def read_set_back(*, heads: Iterable[HeadState]) -> dict[int, Facet]:
    """Return the facets in which the best and the latest definition may differ, by entity id.

    Of those entities only whose best was chosen among the older ones: what a new version is
    compared with, the latest, is then not what others use. One statement, or none.
    """
    chosen = [head.entity_id for head in heads if head.best.id != head.latest.id]
    if not chosen:
        return {}
    behind = Version.objects.filter(
        entity_id__in=select_ids(chosen),
        slot=DEFINITION,
        entity__heads__slot=DEFINITION,
        number__gt=F("entity__heads__best__number"),
    )
    found: dict[int, Facet] = {}
    for entity_id, changed in behind.order_by().values_list("entity_id", "changed"):
        found[entity_id] = found.get(entity_id, NO_FACETS) | Facet(changed)
    return found


def read_facets_between(*, entity_id: int, numbers: tuple[int, int]) -> Facet:
    """Return the facets in which two definitions of an entity may differ; one statement."""
    between = select_between(entity=entity_id, ends=(Value(numbers[0]), Value(numbers[1])))
    united = NO_FACETS
    for changed in between.values_list("changed", flat=True):
        united |= Facet(changed)
    return united
