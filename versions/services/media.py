"""Publish versions of media: any number, of any slots, in a constant number of statements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User

from assets.models import Entity
from assets.setwise import insert_rows
from versions.canonical import JsonObject, hash_text, write_canonical
from versions.exceptions import (
    EntityLockedError,
    VersionNotFoundError,
    VersionsError,
)
from versions.media import MediaDocument
from versions.models import BestChoice, Media, Origin
from versions.services.annotate import insert_annotations
from versions.services.heads import HeadState
from versions.services.made_from import MADE_FROM, make_own_input
from versions.services.publish import (
    Draft,
    SealedDraft,
    Stamp,
    VersionKey,
    insert_versions,
    move_heads,
    store_contents,
)
from versions.services.slots import OpenSlots, SlotKey


@dataclass(frozen=True, kw_only=True)
class MediaDraft:
    """A version of media to be published.

    file_id: the StoredFile that document.file describes. made_from: the number of the definition
    that it shows, None for the best one. is_best: it becomes the best of its slot.
    """

    entity: Entity
    slot: str
    document: MediaDocument
    file_id: int | None = None
    metadata: JsonObject = field(default_factory=dict)
    made_from: int | None = None
    is_best: bool = False
    note: str = ""

    @property
    def key(self) -> SlotKey:
        """The slot that it goes into."""
        return self.entity.pk, self.slot


@dataclass(frozen=True, kw_only=True)
class PublishedMedia:
    """A new version of media, and whether it is the best of its slot now."""

    id: int
    draft: MediaDraft
    number: int
    is_best: bool


def find_fault(draft: MediaDraft, slots: OpenSlots) -> VersionsError | None:
    """Return why the draft cannot be published into the slots as they stand, or None."""
    if draft.entity.pk in slots.locked:
        return EntityLockedError(draft.entity.code)
    if draft.made_from is not None and not slots.find_definition(draft.entity.pk, draft.made_from):
        return VersionNotFoundError(draft.entity.code, draft.made_from)
    return None


def publish_media(
    *, drafts: Sequence[MediaDraft], slots: OpenSlots, author: User | None, at: datetime
) -> list[PublishedMedia]:
    """Publish the drafts in order, and return what became of each, in order.

    The caller opened the slots in the same transaction and found no fault. The first version of a
    slot is its best; of several that shall be the best the last one is. A constant number of
    statements (per 50 000 rows).
    """
    sealed = list(_seal(drafts, slots, Stamp(origin=Origin.AUTHORED, at=at, author=author)))
    ids = insert_versions(sealed)
    insert_rows(
        model=Media,
        columns=["version", "type", "file"],
        rows=(
            (ids[one.key], draft.document.type, draft.file_id)
            for draft, one in zip(drafts, sealed, strict=True)
        ),
    )
    insert_annotations(
        metadata={
            ids[one.key]: draft.metadata
            for draft, one in zip(drafts, sealed, strict=True)
            if draft.metadata
        },
        actor=author,
        at=at,
    )
    best = _choose_best(drafts, sealed, slots)
    _move(sealed, ids, best, slots, author)
    return [
        PublishedMedia(
            id=ids[one.key], draft=draft, number=one.number, is_best=best.get(draft.key) == one.key
        )
        for draft, one in zip(drafts, sealed, strict=True)
    ]


def _seal(drafts: Sequence[MediaDraft], slots: OpenSlots, stamp: Stamp) -> Iterator[SealedDraft]:
    bodies = [write_canonical(draft.document.write()) for draft in drafts]
    content_ids = store_contents(bodies)
    newest: dict[SlotKey, SealedDraft] = {}
    for draft, body in zip(drafts, bodies, strict=True):
        definition = slots.find_definition(draft.entity.pk, draft.made_from)
        inputs = (
            [
                make_own_input(
                    entity_id=draft.entity.pk,
                    entity_code=draft.entity.code,
                    role=MADE_FROM,
                    version=definition,
                )
            ]
            if definition
            else []
        )
        made = Draft(
            entity_id=draft.entity.pk,
            entity_code=draft.entity.code,
            slot=draft.slot,
            head=slots.heads.get(draft.key),
            content_id=content_ids[hash_text(body)],
            content_sha256=hash_text(body),
            inputs=inputs,
            note=draft.note,
        ).seal(stamp, after=newest.get(draft.key))
        newest[draft.key] = made
        yield made


def _choose_best(
    drafts: Sequence[MediaDraft], sealed: Sequence[SealedDraft], slots: OpenSlots
) -> dict[SlotKey, VersionKey]:
    """Return the new best of the slots whose best moves."""
    best: dict[SlotKey, VersionKey] = {}
    for draft, one in zip(drafts, sealed, strict=True):
        is_first = draft.key not in slots.heads and draft.key not in best
        if draft.is_best or is_first:
            best[draft.key] = one.key
    return best


def _move(
    sealed: Sequence[SealedDraft],
    ids: Mapping[VersionKey, int],
    best: Mapping[SlotKey, VersionKey],
    slots: OpenSlots,
    author: User | None,
) -> None:
    latest = {one.key[:2]: one for one in sealed}

    def get_best_id(slot: SlotKey) -> int | None:
        if slot in best:
            return ids[best[slot]]
        head: HeadState = slots.heads[slot]
        return head.best.id

    move_heads([(*slot, get_best_id(slot), ids[one.key]) for slot, one in latest.items()])
    insert_rows(
        model=BestChoice,
        columns=["version", "author", "reason", "chosen_at", "latest_number"],
        rows=[
            (
                ids[key],
                author.pk if author else None,
                "",
                latest[slot].at,
                latest[slot].number,
            )
            for slot, key in best.items()
        ],
    )
