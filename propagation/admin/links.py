"""Where the admin shows an entity."""

from collections.abc import Collection
from dataclasses import dataclass

from django.urls import reverse

from assets.models import Entity, Kind
from assets.setwise import select_ids


@dataclass(frozen=True, kw_only=True)
class Named:
    """An entity as a page names it. url: empty where no page shows it."""

    code: str
    type: str
    kind: str
    url: str


def get_entity_url(kind: str, pk: int, page: str = "change") -> str:
    """Return the page of an entity; empty for a project, which has one as a project."""
    return "" if kind == Kind.PROJECT else reverse(f"admin:assets_{kind}_{page}", args=[pk])


def name_entities(ids: Collection[int]) -> dict[int, Named]:
    """Return how pages name these entities, by id; one statement."""
    rows = Entity.objects.filter(pk__in=select_ids(ids)).values_list("pk", "code", "type", "kind")
    return {
        pk: Named(code=code, type=type_, kind=kind, url=get_entity_url(kind, pk))
        for pk, code, type_, kind in rows
    }
