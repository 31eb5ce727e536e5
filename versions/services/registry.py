"""Look-ups: which version each slot of any number of entities stands at, in one statement.

The statement reads the pointers of the heads and what was said of the versions that they point
at. The versions themselves never change, so they are kept in memory by id: a look-up can miss
what it did not keep, but never answer something that is not so any more.
"""

import json
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from threading import Lock
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Case, F, FilteredRelation, OuterRef, Q, Subquery, When
from prometheus_client import Counter

from assets.setwise import select_ids
from versions.canonical import JsonObject
from versions.media import MediaDocument, read_media
from versions.models import DEFINITION, Head, Status, Version
from versions.services.made_from import MADE_FROM
from versions.services.outdated_media import find_shown_anew

CACHED_VERSIONS, LONGEST_CACHED = 20_000, 4_000
"""Versions kept per process, and characters of the longest one that is; the one used longest ago
goes first."""

LOOK_UPS = Counter(
    "continuity_lookups",
    "Versions asked for by look-ups: found in memory (hit) or read from the database (miss).",
    ["result"],
)


class Pointer(StrEnum):
    """Which version of a slot is asked for."""

    BEST = "best"
    LATEST = "latest"
    APPROVED = "approved"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredVersion:
    """What was published, as it stays for ever. media None: a definition.

    made_from: id and number of the definition that it shows. size: characters of its content.
    """

    id: int
    number: int
    origin: str
    author_id: int | None
    run_id: int | None
    note: str
    checksum: str
    created_at: datetime
    media: MediaDocument | None
    made_from: tuple[int, int] | None
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SlotVersion:
    """A version of a slot, and how it stands now. author: the name of its user.

    is_outdated: it is media made from a definition that looks otherwise than the best one.
    """

    entity_id: int
    slot: str
    version: StoredVersion
    author: str | None
    best_id: int
    latest_id: int
    approved_id: int | None
    status: Status
    is_hidden: bool
    metadata: JsonObject
    is_outdated: bool

    @property
    def url(self) -> str | None:
        """Where the file lies; None for what is hidden or has no file."""
        media = self.version.media
        return None if self.is_hidden or media is None else find_url(media)


def find_url(media: MediaDocument) -> str | None:
    """Return where the file lies: the URL that was given, or that of the storage; None without."""
    if media.file:
        return default_storage.url(str(media.file["key"]))
    return media.url or None


Registry = dict[int, dict[str, SlotVersion]]
"""By entity id, then by slot. What has no such version is absent."""


def get_all_best(*, entity_ids: Collection[int]) -> Registry:
    """Return the best version of every slot of the entities."""
    return look_up(entity_ids=entity_ids)


def get_best(*, entity_ids: Collection[int], slot: str) -> dict[int, SlotVersion]:
    """Return the best version of one slot, by entity id."""
    found = look_up(entity_ids=entity_ids, slots=[slot])
    return {entity_id: slots[slot] for entity_id, slots in found.items()}


def get_url(*, entity_id: int, slot: str, number: int | None = None) -> str | None:
    """Return the URL of a slot's best version, or of that number; None when there is none."""
    return get_urls(entity_ids=[entity_id], slots=[slot], number=number)[entity_id][slot]


def get_urls(
    *, entity_ids: Collection[int], slots: Sequence[str], number: int | None = None
) -> dict[int, dict[str, str | None]]:
    """Return the URL of each slot of each entity; None where there is none or it is hidden."""
    found = look_up(entity_ids=entity_ids, slots=slots, number=number)
    return {
        entity_id: {
            slot: found[entity_id][slot].url if slot in found.get(entity_id, {}) else None
            for slot in slots
        }
        for entity_id in entity_ids
    }


def look_up(
    *,
    entity_ids: Collection[int],
    slots: Collection[str] | None = None,
    pointer: Pointer = Pointer.BEST,
    number: int | None = None,
) -> Registry:
    """Return what the slots of the entities point at, or their versions of that number.

    slots None: all of them. One statement; one more for all versions that are not in memory, and
    one for all media that show an older definition; however many entities and slots.
    """
    rows = list(_read_pointers(entity_ids, slots, pointer, number))
    stored = load_versions(ids=[row[6] for row in rows])
    outdated = find_shown_anew(
        steps=[
            (row[0], made_from[1], row[2])
            for row in rows
            if (made_from := stored[row[6]].made_from)
        ]
    )
    found: Registry = {}
    for entity_id, slot, definition, best_id, latest_id, approved_id, version_id, *said in rows:
        author, status, is_hidden, metadata = said
        version = stored[version_id]
        made_from = version.made_from
        found.setdefault(entity_id, {})[slot] = SlotVersion(
            entity_id=entity_id,
            slot=slot,
            version=version,
            author=author,
            best_id=best_id,
            latest_id=latest_id,
            approved_id=approved_id,
            status=Status(status or Status.DRAFT),
            is_hidden=bool(is_hidden),
            metadata=metadata or {},
            is_outdated=bool(made_from and (entity_id, made_from[1], definition) in outdated),
        )
    return found


def _read_pointers(
    entity_ids: Collection[int],
    slots: Collection[str] | None,
    pointer: Pointer,
    number: int | None,
) -> Iterable[tuple[Any, ...]]:
    """Return where each slot stands, the version asked for, and what was said of it."""
    definition = Head.objects.filter(entity=OuterRef("entity"), slot=DEFINITION)
    heads = Head.objects.filter(entity_id__in=select_ids(entity_ids)).annotate(
        definition_number=Subquery(definition.values("best__number"))
    )
    if slots is not None:
        heads = heads.filter(slot__in=slots)
    if number is None:
        version = pointer.value
        heads = heads.exclude(**{version: None})
    else:
        version = "entity__versions"
        heads = heads.filter(entity__versions__slot=F("slot"), entity__versions__number=number)
    rows: Iterable[tuple[Any, ...]] = heads.order_by("entity_id", "slot").values_list(
        "entity_id",
        "slot",
        "definition_number",
        "best_id",
        "latest_id",
        "approved_id",
        f"{version}__pk",
        f"{version}__author__username",
        f"{version}__annotation__status",
        f"{version}__annotation__is_hidden",
        f"{version}__annotation__metadata",
    )
    return rows


_cache: OrderedDict[int, StoredVersion] = OrderedDict()
_lock = Lock()


def load_versions(*, ids: Collection[int]) -> dict[int, StoredVersion]:
    """Return published versions by id; one statement for all that are not in memory."""
    found: dict[int, StoredVersion] = {}
    with _lock:
        for pk in ids:
            version = _cache.get(pk)
            if version is not None:
                _cache.move_to_end(pk)
                found[pk] = version
    missing = [pk for pk in ids if pk not in found]
    LOOK_UPS.labels("hit").inc(len(found))
    if missing:
        LOOK_UPS.labels("miss").inc(len(missing))
        read = _read_versions(missing)
        # What this transaction wrote itself may be rolled back, and its ids given again.
        transaction.on_commit(partial(_keep, read))
        found |= read
    return found


def _keep(read: Mapping[int, StoredVersion]) -> None:
    with _lock:
        _cache.update({pk: one for pk, one in read.items() if one.size <= LONGEST_CACHED})
        while len(_cache) > CACHED_VERSIONS:
            _cache.popitem(last=False)


def _read_versions(ids: Collection[int]) -> dict[int, StoredVersion]:
    rows = (
        Version.objects.filter(pk__in=select_ids(ids))
        .annotate(
            made_from=FilteredRelation("inputs", condition=Q(inputs__role=MADE_FROM)),
            # A definition may be long, and nobody looks it up here.
            document=Case(When(slot=DEFINITION, then=None), default=F("content__body")),
        )
        .values_list(
            "pk",
            "number",
            "origin",
            "author_id",
            "run_id",
            "note",
            "checksum",
            "created_at",
            "document",
            "made_from__source_version_id",
            "made_from__source_version__number",
        )
    )
    read: Iterable[tuple[Any, ...]] = rows
    return {
        pk: StoredVersion(
            id=pk,
            number=number,
            origin=origin,
            author_id=author_id,
            run_id=run_id,
            note=note,
            checksum=checksum,
            created_at=created_at,
            media=read_media(json.loads(document)) if document else None,
            made_from=(made_from_id, made_from_number) if document and made_from_id else None,
            size=len(document or ""),
        )
        for (
            pk,
            number,
            origin,
            author_id,
            run_id,
            note,
            checksum,
            created_at,
            document,
            made_from_id,
            made_from_number,
        ) in read
    }
