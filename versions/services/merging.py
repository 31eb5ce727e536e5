"""What a three-way merge of an entity's content needs to know: its schema, and where it began."""

from collections.abc import Mapping
from dataclasses import dataclass

from assets.models import Entity
from versions.canonical import JsonObject
from versions.exceptions import VersionMovedError
from versions.merging.kinds import MergeKind, Schema
from versions.models import DEFINITION, FieldKind, Origin, Version
from versions.services.heads import HeadState, VersionRef


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """The version that an edit started from, and who published others since.

    is_current: the content is still the same. authors: names, ascending.
    """

    version: VersionRef
    number: int
    content: JsonObject
    is_current: bool
    authors: tuple[str, ...]


def load_schema(*, project_id: int, entity_type: str) -> Schema:
    """Return what a project knows of the fields of its entities of this type; one statement."""
    rows = FieldKind.objects.filter(project=project_id, entity_type__in=["", entity_type])
    own = {
        field: MergeKind(kind)
        # Those of the type come last and count.
        for field, kind in rows.order_by("entity_type").values_list("field", "kind")
    }
    return Schema(own=own)


def load_beginning(*, entity: Entity, head: HeadState, number: int) -> Beginning:
    """Return the definition of this number; VersionMovedError when it was never published.

    Two statements at most.
    """
    definitions = Version.objects.filter(entity=entity, slot=DEFINITION)
    version = definitions.filter(number=number).select_related("content").first()
    if version is None:
        raise VersionMovedError(
            entity_code=entity.code, given=number, current=head.best_number, slot=head.slot
        )
    is_current = version.content.sha256 == head.content_sha256
    return Beginning(
        version=VersionRef(entity_id=entity.pk, id=version.pk, checksum=version.checksum),
        number=number,
        content=version.content.data,
        is_current=is_current,
        authors=() if is_current else _list_authors(entity, number, head),
    )


def _list_authors(entity: Entity, number: int, head: HeadState) -> tuple[str, ...]:
    ends: Mapping[str, int] = {
        "number__gt": min(number, head.best_number),
        "number__lte": max(number, head.latest_number),
    }
    since = Version.objects.filter(entity=entity, slot=DEFINITION, author__isnull=False, **ends)
    names = since.exclude(origin=Origin.PROPAGATED).values_list("author__username", flat=True)
    return tuple(sorted(set(names)))
