"""Say something about versions: approval, visibility, metadata."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from assets.services.history import credit, record_history
from assets.setwise import insert_rows
from versions.canonical import JsonObject, write_canonical
from versions.change import apply_patches
from versions.exceptions import InvalidMetadataError, RemarkMovedError
from versions.metadata import read_score, read_tags
from versions.models import Annotation, Head, Status, Tag, Version

LONGEST_METADATA = 50_000


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What to say about a version. None: as it is. metadata: a JSON Merge Patch.

    base_revision: of the annotation that the remark answers to, 0 for none; None: whatever it is.
    """

    status: Status | None = None
    is_hidden: bool | None = None
    metadata: JsonObject | None = None
    note: str = ""
    base_revision: int | None = None


def check_metadata(metadata: JsonObject) -> None:
    """Raise InvalidMetadataError for what is no score, no list of tags, or too much."""
    if len(write_canonical(metadata)) > LONGEST_METADATA:
        raise InvalidMetadataError(f"Metadata may have {LONGEST_METADATA} characters of JSON.")
    try:
        read_score(metadata)
        read_tags(metadata)
    except ValueError as error:
        raise InvalidMetadataError(str(error)) from error


def insert_annotations(
    *, metadata: Mapping[int, JsonObject], actor: User | None, at: datetime
) -> None:
    """Give new versions their first metadata, by version id; checked before."""
    if not metadata:
        return
    insert_rows(
        model=Annotation,
        columns=["version", "status", "is_hidden", "metadata", "score", "revision"],
        rows=((pk, Status.DRAFT, False, one, read_score(one), 1) for pk, one in metadata.items()),
    )
    insert_rows(
        model=Tag,
        columns=["annotation", "name"],
        rows=((pk, tag) for pk, one in metadata.items() for tag in read_tags(one)),
    )
    record_history(model=Annotation, ids=metadata, change="+", actor=actor, reason="", at=at)


def annotate_version(
    *, version: Version, remark: Remark, actor: User | None, at: datetime
) -> Annotation | None:
    """Write the remark with its history; None when it says what is said already.

    The caller holds the lock on the version's slot. InvalidMetadataError; RemarkMovedError when
    somebody said something since the revision that the remark answers to.
    """
    found = Annotation.objects.filter(version=version).first()
    current = found.revision if found else 0
    if remark.base_revision not in (None, current):
        raise RemarkMovedError(current)
    before = found or Annotation(version_id=version.pk)
    metadata = before.metadata
    if remark.metadata is not None:
        metadata = apply_patches(metadata, [remark.metadata])
        check_metadata(metadata)
    after = Annotation(
        version_id=version.pk,
        status=remark.status or before.status,
        is_hidden=before.is_hidden if remark.is_hidden is None else remark.is_hidden,
        metadata=metadata,
        score=read_score(metadata),
        revision=before.revision + 1 if found else 1,
    )
    if _say(after) == _say(before):
        return None
    after._state.adding = found is None  # noqa: SLF001 (an update, so that history says "changed")
    credit(after, actor, reason=remark.note, at=at)
    after.save(force_insert=found is None)
    _write_tags(after, read_tags(metadata))
    return after


def move_approved(*, version: Version) -> bool:
    """Point the head of the version's slot at its newest approved version; whether that is another.

    The caller holds the lock on the slot.
    """
    newest = (
        Version.objects.filter(
            entity=version.entity_id, slot=version.slot, annotation__status=Status.APPROVED
        )
        .order_by("-number")
        .first()
    )
    head = Head.objects.get(entity=version.entity_id, slot=version.slot)
    newest_id = newest.pk if newest else None
    if head.approved_id == newest_id:
        return False
    Head.objects.filter(pk=head.pk).update(approved=newest)
    return True


def _say(annotation: Annotation) -> tuple[str, bool, str]:
    return annotation.status, annotation.is_hidden, write_canonical(annotation.metadata)


def _write_tags(annotation: Annotation, wanted: list[str]) -> None:
    present = set(Tag.objects.filter(annotation=annotation).values_list("name", flat=True))
    Tag.objects.filter(annotation=annotation, name__in=present - set(wanted)).delete()
    Tag.objects.bulk_create(
        Tag(annotation=annotation, name=name) for name in wanted if name not in present
    )
