"""Draft versions of entities whose content or references people changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from versions.canonical import JsonObject
from versions.services.heads import HeadState
from versions.services.publish import Draft, Input, SealedDraft, Stamp, VersionRef


@dataclass(frozen=True, kw_only=True, slots=True)
class RelinkedInput:
    """A reference of the target that was added, changed or removed (reference_id None)."""

    source_id: int
    source_code: str
    role: str
    label: str
    position: int
    attributes: JsonObject
    reference_id: int | None


@dataclass(frozen=True, kw_only=True)
class Edits:
    """What people changed, by entity id.

    contents: (content id, SHA-256) of those with new content · inputs: those with new references
    · codes: of every entity in either · note: why · frozen: by reference id, what the references
    that never move have consumed.
    """

    codes: Mapping[int, str]
    contents: Mapping[int, tuple[int, str]]
    inputs: Mapping[int, Sequence[RelinkedInput]]
    note: str
    frozen: Mapping[int, VersionRef] = field(default_factory=dict)


def draft_versions(
    *, edits: Edits, order: Iterable[int], heads: Mapping[int, HeadState], stamp: Stamp
) -> list[SealedDraft]:
    """Return a draft of each edited entity, in order.

    order: entity ids, sources before targets, because a version's checksum covers those of its
    inputs. heads: of every entity that has one and is edited, or is the source of an edited
    reference; an entity without a head is new.
    """
    drafted: dict[int, SealedDraft] = {}

    def find_source(relinked: RelinkedInput) -> VersionRef | None:
        if relinked.reference_id is None:
            return None
        if relinked.reference_id in edits.frozen:
            return edits.frozen[relinked.reference_id]
        made = drafted.get(relinked.source_id)
        return made.version if made else heads[relinked.source_id].best

    for entity_id in order:
        if entity_id not in edits.contents and entity_id not in edits.inputs:
            continue
        head = heads.get(entity_id)
        content_id, sha256 = edits.contents.get(entity_id) or _keep_content(head)
        drafted[entity_id] = Draft(
            entity_id=entity_id,
            entity_code=edits.codes[entity_id],
            parent=head.best if head else None,
            latest_number=head.latest_number if head else 0,
            content_id=content_id,
            content_sha256=sha256,
            inputs=[
                Input(
                    source_id=relinked.source_id,
                    source_code=relinked.source_code,
                    role=relinked.role,
                    label=relinked.label,
                    position=relinked.position,
                    attributes=relinked.attributes,
                    source=find_source(relinked),
                    reference_id=relinked.reference_id,
                )
                for relinked in edits.inputs.get(entity_id, ())
            ],
            note=edits.note,
        ).seal(stamp)
    return list(drafted.values())


def _keep_content(head: HeadState | None) -> tuple[int, str]:
    if head is None:
        msg = "an entity without versions needs content for its first one"
        raise ValueError(msg)
    return head.content_id, head.content_sha256
