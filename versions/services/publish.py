"""Publish versions: number, parent, inputs and checksum, head moved, for any number of entities."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from assets.setwise import insert_rows, upsert_rows
from versions.canonical import JsonObject, hash_text
from versions.checksum import InputChange, Provenance, compute_checksum
from versions.models import DEFINITION, Consumption, Content, Head, Origin, Version, VersionInput


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionRef:
    """A version to consume, whether it exists or is being published in the same call.

    id is None until it is inserted; the checksum identifies it either way.
    """

    entity_id: int
    checksum: str
    id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One input that a new version consumes and its parent did not; source None: removed.

    reference_id: the reference whose consumption moves along; None when it is gone.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A version to be published: its content, and the inputs that differ from its parent's."""

    entity_id: int
    entity_code: str
    parent: VersionRef | None
    latest_number: int
    content_id: int
    content_sha256: str
    inputs: Sequence[Input] = ()
    note: str = ""

    def seal(self, stamp: Stamp) -> "SealedDraft":
        """Return the draft with what its version will be: its number and its checksum."""
        number = self.latest_number + 1
        version = VersionRef(
            entity_id=self.entity_id,
            checksum=compute_checksum(
                entity_code=self.entity_code,
                slot=DEFINITION,
                number=number,
                content_sha256=self.content_sha256,
                parent_checksum=self.parent.checksum if self.parent else None,
                provenance=Provenance(
                    origin=stamp.origin,
                    author_id=stamp.author.pk if stamp.author else None,
                    run_id=stamp.run_id,
                    note=self.note,
                    created_at=stamp.at,
                ),
                inputs=(
                    InputChange(
                        source_code=given.source_code,
                        role=given.role,
                        label=given.label,
                        position=given.position,
                        attributes=given.attributes,
                        source_checksum=given.source.checksum if given.source else None,
                    )
                    for given in self.inputs
                ),
            ),
        )
        return SealedDraft(draft=self, number=number, version=version, stamp=stamp)


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedDraft:
    """A draft and the version that it becomes; others in the same call may consume it."""

    draft: Draft
    number: int
    version: VersionRef
    stamp: Stamp


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
    """Insert the versions, move heads and consumptions; return version ids by entity id.

    The caller holds the locks on the heads of all entities that have one. Four statements (per
    50 000 rows), whatever the number of drafts.
    """
    inserted = insert_rows(
        model=Version,
        columns=[
            "entity",
            "slot",
            "number",
            "content",
            "parent",
            "origin",
            "author",
            "run_id",
            "note",
            "checksum",
            "created_at",
        ],
        rows=(
            (
                one.draft.entity_id,
                DEFINITION,
                one.number,
                one.draft.content_id,
                one.draft.parent.id if one.draft.parent else None,
                one.stamp.origin,
                one.stamp.author.pk if one.stamp.author else None,
                one.stamp.run_id,
                one.draft.note,
                one.version.checksum,
                one.stamp.at,
            )
            for one in sealed
        ),
        returning=["entity", "id"],
    )
    new_ids: dict[int, int] = dict(inserted)
    _write_inputs([one.draft for one in sealed], new_ids)
    _move_heads(new_ids)
    return new_ids


def _write_inputs(drafts: Sequence[Draft], new_ids: Mapping[int, int]) -> None:
    def get_source_id(given: Input) -> int | None:
        if given.source is None:
            return None
        return given.source.id or new_ids[given.source.entity_id]

    insert_rows(
        model=VersionInput,
        columns=["version", "source", "role", "label", "position", "attributes", "source_version"],
        rows=(
            (
                new_ids[draft.entity_id],
                given.source_id,
                given.role,
                given.label,
                given.position,
                given.attributes,
                get_source_id(given),
            )
            for draft in drafts
            for given in draft.inputs
        ),
    )
    upsert_rows(
        model=Consumption,
        key=["reference"],
        columns=["version"],
        rows=(
            (given.reference_id, get_source_id(given))
            for draft in drafts
            for given in draft.inputs
            if given.reference_id is not None and given.source is not None
        ),
    )


def _move_heads(new_ids: Mapping[int, int]) -> None:
    upsert_rows(
        model=Head,
        key=["entity", "slot"],
        columns=["best", "latest"],
        rows=(
            (entity_id, DEFINITION, version_id, version_id)
            for entity_id, version_id in new_ids.items()
        ),
    )
