"""Publish versions: number, inputs and checksum, head moved, for any number of slots."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias

from django.contrib.auth.models import User

from assets.setwise import insert_rows, update_rows, upsert_rows
from versions.canonical import JsonObject, hash_text
from versions.checksum import InputChange, Provenance, compute_checksum
from versions.facets import ALL_FACETS
from versions.models import DEFINITION, Consumption, Content, Head, Origin, Version, VersionInput
from versions.services.heads import HeadState, VersionRef

VersionKey: TypeAlias = tuple[int, str, int]
"""Entity id, slot and number."""


class Input(NamedTuple):
    """One input that a new version consumes and its parent did not; source None: removed.

    reference_id: the reference whose consumption moves along; None when it is gone. A tuple, as
    are drafts, because a batch makes thousands.
    """

    source_id: int
    source_code: str
    role: str
    label: str
    position: int
    attributes: JsonObject
    source: VersionRef | None
    reference_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """What all versions of one call have in common: how, by whom, in which run, and when."""

    origin: Origin
    at: datetime
    author: User | None = None
    run_id: int | None = None


class Draft(NamedTuple):
    """A version to be published: its content, and the inputs that differ from its parent's.

    head: where its slot stands; None when this is its first version. changed: the facets in which
    it differs from the latest version.
    """

    entity_id: int
    entity_code: str
    head: HeadState | None
    content_id: int
    content_sha256: str
    slot: str = DEFINITION
    inputs: Sequence[Input] = ()
    changed: int = ALL_FACETS
    note: str = ""

    def seal(self, stamp: Stamp, *, after: "SealedDraft | None" = None) -> "SealedDraft":
        """Return the draft with what its version will be: number, time and checksum.

        after: the version of the same slot that the same call publishes before it. A version is
        never older than the one before it, though the clocks of two hosts may differ.
        """
        number, at, parent = 1, stamp.at, None
        if after is not None:
            number, at, parent = after.number + 1, after.at, after.version
        elif self.head is not None:
            number, parent = self.head.latest_number + 1, self.head.latest
            at = max(at, self.head.latest_at)
        checksum = compute_checksum(
            entity_code=self.entity_code,
            slot=self.slot,
            number=number,
            content_sha256=self.content_sha256,
            parent_checksum=parent.checksum if parent else None,
            provenance=Provenance(
                stamp.origin,
                stamp.author.pk if stamp.author else None,
                stamp.run_id,
                self.note,
                int(self.changed),
                at,
            ),
            inputs=[
                InputChange(
                    given.source_code,
                    given.role,
                    given.label,
                    given.position,
                    given.attributes,
                    given.source.checksum if given.source else None,
                )
                for given in self.inputs
            ],
        )
        version = VersionRef(self.entity_id, checksum)
        return SealedDraft(self, number, at, version, stamp)


class SealedDraft(NamedTuple):
    """A draft and the version that it becomes; others in the same call may consume it."""

    draft: Draft
    number: int
    at: datetime
    version: VersionRef
    stamp: Stamp

    @property
    def key(self) -> VersionKey:
        """What names the version before it has an id."""
        return self.draft.entity_id, self.draft.slot, self.number


def find_time(sealed: Iterable[SealedDraft], at: datetime) -> datetime:
    """Return the time at which all of them are published: that of the newest, or `at`."""
    return max([at, *(one.at for one in sealed)])


def store_contents(bodies: Iterable[str]) -> dict[str, int]:
    """Store the distinct canonical texts and return the content's id by SHA-256."""
    rows = {hash_text(body): body for body in bodies}
    inserted = insert_rows(
        model=Content,
        columns=["body", "sha256"],
        rows=[(body, sha256) for sha256, body in rows.items()],
        returning=["sha256", "id"],
    )
    return dict(inserted)


def publish_versions(sealed: Sequence[SealedDraft]) -> dict[int, int]:
    """Insert definitions, one per entity, each the best and latest; return their ids by entity id.

    The caller holds the locks on the heads of all entities that have one. At most five statements
    (per 50 000 rows), whatever the number of drafts.
    """
    new_ids = {entity_id: pk for (entity_id, _, _), pk in insert_versions(sealed).items()}
    update_rows(
        model=Head,
        key="id",
        columns=["best", "latest"],
        rows=[
            (draft.head.id, new_ids[draft.entity_id], new_ids[draft.entity_id])
            for draft, *_ in sealed
            if draft.head is not None
        ],
    )
    insert_rows(
        model=Head,
        columns=["entity", "slot", "best", "latest"],
        rows=[
            (draft.entity_id, DEFINITION, new_ids[draft.entity_id], new_ids[draft.entity_id])
            for draft, *_ in sealed
            if draft.head is None
        ],
    )
    return new_ids


def insert_versions(sealed: Sequence[SealedDraft]) -> dict[VersionKey, int]:
    """Insert the versions of any slots with their inputs, and move consumptions; return their ids.

    The caller holds the locks on the slots and moves the heads.
    """
    inserted = insert_rows(
        model=Version,
        columns=[
            "entity",
            "slot",
            "number",
            "content",
            "origin",
            "author",
            "run_id",
            "note",
            "changed",
            "checksum",
            "created_at",
        ],
        rows=(
            (
                one.draft.entity_id,
                one.draft.slot,
                one.number,
                one.draft.content_id,
                one.stamp.origin,
                one.stamp.author.pk if one.stamp.author else None,
                one.stamp.run_id,
                one.draft.note,
                int(one.draft.changed),
                one.version.checksum,
                one.at,
            )
            for one in sealed
        ),
        returning=["entity", "slot", "number", "id"],
    )
    new_ids = {(entity, slot, number): pk for entity, slot, number, pk in inserted}
    _write_inputs(sealed, new_ids)
    return new_ids


def move_heads(rows: Iterable[tuple[int, str, int | None, int]]) -> None:
    """Point heads at versions; each row is (entity id, slot, best id, latest id)."""
    upsert_rows(model=Head, key=["entity", "slot"], columns=["best", "latest"], rows=rows)


def _write_inputs(sealed: Sequence[SealedDraft], new_ids: Mapping[VersionKey, int]) -> None:
    made_here = {entity: pk for (entity, slot, _), pk in new_ids.items() if slot == DEFINITION}

    def get_source_id(given: Input) -> int | None:
        if given.source is None:
            return None
        return given.source.id or made_here[given.source.entity_id]

    insert_rows(
        model=VersionInput,
        columns=["version", "source", "role", "label", "position", "attributes", "source_version"],
        rows=(
            (
                new_ids[one.key],
                given.source_id,
                given.role,
                given.label,
                given.position,
                given.attributes,
                get_source_id(given),
            )
            for one in sealed
            for given in one.draft.inputs
        ),
    )
    upsert_rows(
        model=Consumption,
        key=["reference"],
        columns=["version"],
        rows=(
            (given.reference_id, get_source_id(given))
            for one in sealed
            for given in one.draft.inputs
            if given.reference_id is not None and given.source is not None
        ),
    )
