"""Draft versions of entities whose content or references people changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assets.models import Follow
from versions.canonical import JsonObject
from versions.facets import ALL_FACETS, CONSUMED, NO_FACETS, Facet
from versions.services.following import PUBLISHED
from versions.services.heads import HeadState, VersionRef
from versions.services.made_from import REVERTS, make_own_input
from versions.services.publish import Draft, Input, SealedDraft, Stamp


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
    follow: Follow = Follow.BEST
    facets: Facet = CONSUMED


@dataclass(frozen=True, kw_only=True)
class Edits:
    """What people changed, by entity id.

    contents: (content id, SHA-256) of those with new content · changed: the facets in which that
    differs, all where it is not said · inputs: those with new references
    · reverts: the older version that a content is from
    · set_back: the facets in which best and latest differ, of those where these are two
    · codes: of every entity in either · note: why · kept: by reference id, what the references
    that do not follow what is published have consumed.
    """

    codes: Mapping[int, str]
    contents: Mapping[int, tuple[int, str]]
    inputs: Mapping[int, Sequence[RelinkedInput]]
    note: str
    kept: Mapping[int, VersionRef] = field(default_factory=dict)
    changed: Mapping[int, Facet] = field(default_factory=dict)
    set_back: Mapping[int, Facet] = field(default_factory=dict)
    reverts: Mapping[int, VersionRef] = field(default_factory=dict)

    def list_own_inputs(self, entity_id: int) -> list[Input]:
        """Return the inputs of the entity's next version that are its own older versions."""
        version = self.reverts.get(entity_id)
        if version is None:
            return []
        code = self.codes[entity_id]
        return [
            make_own_input(entity_id=entity_id, entity_code=code, role=REVERTS, version=version)
        ]

    def find_changed(self, entity_id: int) -> Facet:
        """Return the facets in which the next version differs from the latest or the best one."""
        changed = self.set_back.get(entity_id, NO_FACETS)
        if entity_id in self.contents:
            changed |= self.changed.get(entity_id, ALL_FACETS)
        for relinked in self.inputs.get(entity_id, ()):
            changed |= Facet.RELATIONSHIP | relinked.facets
        return changed


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
        head = heads.get(relinked.source_id)
        if relinked.follow == Follow.LATEST_APPROVED and head and head.approved:
            return head.approved
        if relinked.follow not in PUBLISHED and relinked.reference_id in edits.kept:
            return edits.kept[relinked.reference_id]
        made = drafted.get(relinked.source_id)
        if made or head is None:
            return drafted[relinked.source_id].version
        return head.latest if relinked.follow == Follow.LATEST else head.best

    for entity_id in order:
        if entity_id not in edits.contents and entity_id not in edits.inputs:
            continue
        head = heads.get(entity_id)
        content_id, sha256 = edits.contents.get(entity_id) or _keep_content(head)
        drafted[entity_id] = Draft(
            entity_id=entity_id,
            entity_code=edits.codes[entity_id],
            head=head,
            content_id=content_id,
            content_sha256=sha256,
            inputs=[
                *edits.list_own_inputs(entity_id),
                *(
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
                ),
            ],
            changed=edits.find_changed(entity_id),
            note=edits.note,
        ).seal(stamp)
    return list(drafted.values())


def _keep_content(head: HeadState | None) -> tuple[int, str]:
    if head is None:
        msg = "an entity without versions needs content for its first one"
        raise ValueError(msg)
    return head.content_id, head.content_sha256
