"""Read what handlers need, for all targets of a batch at once."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from django.conf import settings
from django.utils.module_loading import import_string

from assets.models import AssetReference, Entity
from assets.setwise import select_ids
from propagation.handlers.contract import Handler, JsonObject, Material, UsedContent
from versions.models import Version
from versions.services.heads import HeadState, VersionRef

UseRow: TypeAlias = tuple[int, int, str, str, str, str, str | None, int | None]
"""Reference id, source id, its code and type, role, label, and checksum and id of the version
consumed."""


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Targets with handlers, by entity id, and the contents of versions by id."""

    handlers: Mapping[int, Handler] = field(default_factory=dict)
    types: Mapping[int, str] = field(default_factory=dict)
    uses: Mapping[int, list[UseRow]] = field(default_factory=dict)
    contents: Mapping[int, JsonObject] = field(default_factory=dict)

    def collect(
        self,
        *,
        head: HeadState,
        consumed: Mapping[int, VersionRef],
        get_made: Callable[[int], JsonObject],
    ) -> Material:
        """Return the material of a target.

        consumed: the version that it will consume, by the id of each reference that moves; one
        that the same batch makes has no id, and `get_made` returns its content, by source id.
        """
        uses = []
        for reference_id, source_id, code, type_, role, label, _, stored_id in self.uses.get(
            head.entity_id, ()
        ):
            version_id = consumed[reference_id].id if reference_id in consumed else stored_id
            content = get_made(source_id) if version_id is None else self.contents[version_id]
            uses.append(UsedContent(code=code, type=type_, role=role, label=label, content=content))
        return Material(
            code=head.entity_code,
            type=self.types[head.entity_id],
            content=self.contents[head.best.id or 0],
            uses=uses,
        )

    def list_inputs(self, *, entity_id: int, consumed: Mapping[int, VersionRef]) -> list[str]:
        """Return the checksums of what a target will consume, sorted."""
        return sorted(
            consumed[row[0]].checksum if row[0] in consumed else row[6] or ""
            for row in self.uses.get(entity_id, ())
        )


def read_shelf(
    *,
    entity_ids: Collection[int],
    heads: Mapping[int, HeadState],
    followed: Iterable[int],
) -> Shelf:
    """Return what the handlers of these targets need; no statement where none is set, else three.

    followed: ids of the versions that the targets' references follow now.
    """
    if not settings.HANDLERS:
        return Shelf()
    rows = Entity.objects.filter(pk__in=select_ids(entity_ids)).values_list("pk", "kind", "type")
    types = {pk: type_ for pk, _, type_ in rows}
    handlers = {
        pk: handler
        for pk, kind, type_ in rows
        if (handler := find_handler(kind, type_)) is not None
    }
    if not handlers:
        return Shelf()
    uses: dict[int, list[UseRow]] = {}
    needed = {*followed, *(heads[pk].best.id for pk in entity_ids)}
    for target_id, *row in _read_uses(handlers):
        uses.setdefault(target_id, []).append(tuple(row))
        needed.add(row[-1])
    bodies = Version.objects.filter(pk__in=select_ids(pk for pk in needed if pk))
    contents = {pk: json.loads(body) for pk, body in bodies.values_list("pk", "content__body")}
    return Shelf(handlers=handlers, types=types, uses=uses, contents=contents)


def find_handler(kind: str, type_: str) -> Handler | None:
    """Return the handler for entities of a type, else for those of the kind, if there is one."""
    path = settings.HANDLERS.get(type_) or settings.HANDLERS.get(kind)
    return _import(path) if path else None


@cache
def _import(path: str) -> Handler:
    handler: Handler = import_string(path)
    return handler


def _read_uses(target_ids: Iterable[int]) -> Iterable[tuple[Any, ...]]:
    references = AssetReference.objects.filter(target_id__in=select_ids(target_ids))
    rows: Iterable[tuple[Any, ...]] = references.order_by("role", "position", "pk").values_list(
        "target_id",
        "pk",
        "source_id",
        "source__code",
        "source__type",
        "role",
        "label",
        "consumption__version__checksum",
        "consumption__version_id",
    )
    return rows
