"""Add and remove references: the graph changes, and so does what its targets are made from."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from assets.exceptions import EntityNotFoundError, ReferenceNotFoundError
from assets.models import AssetReference, Entity, Follow, Role
from assets.services.access import check_role
from assets.services.locking import lock_project
from assets.setwise import select_ids
from propagation.conflicts.policy import Resolving
from propagation.exceptions import InvalidEdgeError
from propagation.execution.cause import Cause, tell_fields
from propagation.execution.start import preview
from propagation.live.events import News
from propagation.services.change_content import Outcome
from propagation.services.check_edge import check_edge, check_ends, check_single
from propagation.services.examine_relinking import Look, examine_relinking, keep_relinking
from propagation.services.propagate_change import ChangePreview
from propagation.services.publish_revision import Revision, find_revised, publish_revision
from propagation.services.relinking import (
    Relinking,
    StoredUse,
    Use,
    UseKey,
)
from versions.canonical import JsonObject
from versions.facets import Facet, get_consumed
from versions.models import Head, Origin, Pin, Version
from versions.services.heads import VersionRef, lock_heads, read_heads
from versions.services.slots import check_unlocked

TOLD_TARGETS = 100
"""Codes that an event names; more are counted only."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One use of a source by a target, as a person names it.

    follow None: as it is, and `best` for a new one. facets None: as they are, and those of the
    role for a new one. pinned: the version of the source that a frozen one stays at; None: the one
    that it has consumed.
    """

    source: Entity
    target: Entity
    role: str = "depends_on"
    label: str = ""
    position: int = 0
    attributes: JsonObject = field(default_factory=dict)
    follow: Follow | None = None
    facets: Facet | None = None
    pinned: VersionRef | None = None


@transaction.atomic
def change_references(
    *,
    added: Sequence[Edge] = (),
    removed: Sequence[Edge] = (),
    cause: Cause,
    at: datetime,
    base_version: int | None = None,
    resolving: Resolving | None = None,
) -> Outcome:
    """Add and remove references of one project; targets get a version, dependents a run.

    base_version: the version of their targets that the edits started from; None: any. Edits of
    other references since then do not matter. resolving: the conflict that a person resolves so.

    Adding one that exists, with the same role and label, gives it the position, attributes and
    policy of the new one, and does nothing when they are the same. Another edit of the same
    reference, a cycle and a rule that keeps the target for a person are conflicts of the outcome,
    and nothing is written then. SelfReferenceError, CrossProjectReferenceError, InvalidEdgeError
    for ends that the role does not allow, ReferenceNotFoundError, VersionMovedError for a base
    version that was never published, EntityLockedError for a target, RoleTooLowError.
    """
    if not added and not removed:
        return Outcome(run=None, version_numbers={})
    project_id = (*added, *removed)[0].target.project_id
    check_role(actor=cause.actor, project_id=project_id, needed=Role.ARTIST)
    for edge in (*added, *removed):
        check_ends(source=edge.source, target=edge.target, project_id=project_id)
    for edge in added:
        check_edge(source=edge.source, target=edge.target, use=_make_use(edge))
    project = lock_project(project_id=project_id)
    if resolving is not None:
        present = _find_stored(_make_use(edge).key for edge in removed)
        removed = [edge for edge in removed if _make_use(edge).key in present]
    relinking = _compare(added, removed)
    if relinking.is_empty:
        return Outcome(run=None, version_numbers={})
    touched = [one.id for one in (*relinking.changed, *relinking.removed)]
    check_pins(reference_ids=touched, actor=cause.actor, project_id=project_id)
    check_single(uses=relinking.added)
    ids = {entity.pk for edge in (*added, *removed) for entity in (edge.source, edge.target)}
    heads = lock_heads(Head.objects.filter(entity_id__in=ids))
    targets = sorted({use.target_id for use in relinking.uses})
    check_unlocked(entity_ids=targets)
    # Whoever came first was asked first, whatever their clocks say: what a version was made from
    # is read from the history of the references by its time.
    at = max(at, *(heads[pk].latest_at + timedelta(microseconds=1) for pk in targets))
    looked = Look(
        entities={end.pk: end for edge in (*added, *removed) for end in (edge.source, edge.target)},
        heads=heads,
        cause=cause,
        at=at,
        base_version=base_version,
        resolving=resolving,
    )
    relinking, findings = examine_relinking(relinking=relinking, look=looked)
    if any(not one.decision.is_settled for one in findings):
        asked = {
            "added": [_write(edge) for edge in added],
            "removed": [_write(edge) for edge in removed],
        }
        kept = keep_relinking(look=looked, findings=findings, asked=asked)
        return Outcome(
            run=None,
            version_numbers={pk: heads[pk].best_number for pk in targets},
            conflicts=kept,
        )
    if relinking.is_empty:
        return Outcome(run=None, version_numbers={pk: heads[pk].best_number for pk in targets})
    return publish_revision(
        project=project,
        heads=heads,
        revision=Revision(
            relinking=relinking,
            pinned={_make_use(edge).key: edge.pinned for edge in added if edge.pinned},
        ),
        origin=Origin.RELINKED,
        cause=cause,
        at=at,
        news=[_tell(relinking, [heads[pk].entity_code for pk in targets])],
    )


def preview_references(*, added: Sequence[Edge], cause: Cause) -> ChangePreview:
    """Return what changing these references of one project would do now, and write nothing.

    RoleTooLowError, EntityLockedError. What else an edit may meet, it meets when it is made.
    """
    project = added[0].target.project
    check_role(actor=cause.actor, project_id=project.pk, needed=Role.VIEWER)
    relinking = _compare(added, ())
    ids = {entity.pk for edge in added for entity in (edge.source, edge.target)}
    heads = read_heads(Head.objects.filter(entity_id__in=ids))
    targets = sorted({use.target_id for use in relinking.uses})
    check_unlocked(entity_ids=targets)
    revision = Revision(relinking=relinking)
    return ChangePreview(
        fields={},
        base_versions={pk: heads[pk].best_number for pk in targets},
        contents={pk: heads[pk].content_sha256 for pk in targets},
        found=preview(
            project_id=project.pk,
            sources=find_revised(project=project, heads=heads, revision=revision),
            mode=cause.mode,
            excluded=cause.excluded,
            facts=tell_fields({}),
        )
        if targets
        else None,
    )


def check_pins(*, reference_ids: Collection[int], actor: User | None, project_id: int) -> None:
    """Raise RoleTooLowError unless whoever edits these pinned them, or is a supervisor."""
    pins = Pin.objects.filter(reference__in=select_ids(reference_ids))
    if actor is not None:
        pins = pins.exclude(owner=actor)
    if pins.exists():
        check_role(actor=actor, project_id=project_id, needed=Role.SUPERVISOR)


def find_edge(*, source: Entity, target: Entity, role: str | None, label: str | None) -> Edge:
    """Return the one stored reference that this names; None: any role, any label.

    ReferenceNotFoundError when there is none, InvalidEdgeError when there are several.
    """
    found = AssetReference.objects.filter(source=source, target=target).order_by("pk")
    if role is not None:
        found = found.filter(role=role)
    if label is not None:
        found = found.filter(label=label)
    references = list(found)
    if not references:
        as_role = f" as {role}" if role else ""
        raise ReferenceNotFoundError(f"{target.code} does not use {source.code}{as_role}.")
    if len(references) > 1:
        uses = ", ".join(f"{one.role} {one.label!r}" for one in references)
        raise InvalidEdgeError("role", f"Several references fit; name role and label: {uses}.")
    (one,) = references
    return make_edge(one)


def make_edge(reference: AssetReference) -> Edge:
    """Return a stored reference as a person would name it."""
    return Edge(
        source=reference.source,
        target=reference.target,
        role=reference.role,
        label=reference.label,
        position=reference.position,
        attributes=reference.attributes,
        follow=Follow(reference.follow),
        facets=Facet(reference.facets),
    )


def _tell(relinking: Relinking, targets: Sequence[str]) -> News:
    return News(
        type="edge_changed",
        payload={
            "added": len(relinking.added),
            "changed": len(relinking.changed),
            "removed": len(relinking.removed),
            "targets": list(targets[:TOLD_TARGETS]),
        },
    )


def _compare(added: Sequence[Edge], removed: Sequence[Edge]) -> Relinking:
    """Return what the edits come to.

    Of an edge that is named twice the last one counts; one that is removed and added stays, as
    it is added.
    """
    wanted = {use.key: use for use in map(_make_use, added)}
    unwanted = {use.key: use for use in map(_make_use, removed) if use.key not in wanted}
    stored = _find_stored((*wanted, *unwanted))
    pinned = {_make_use(edge).key for edge in added if edge.pinned}
    for edge in added:
        use = wanted[_make_use(edge).key]
        known = stored.get(use.key)
        if known is not None and edge.follow is None:
            wanted[use.key] = replace(wanted[use.key], follow=known.use.follow)
        if known is not None and edge.facets is None:
            wanted[use.key] = replace(wanted[use.key], facets=known.use.facets)
    for edge in removed:
        if _make_use(edge).key not in stored:
            detail = f"{edge.target.code} does not use {edge.source.code} as {edge.role}."
            raise ReferenceNotFoundError(detail)
    return Relinking(
        added=[use for key, use in wanted.items() if key not in stored],
        changed=[
            StoredUse(id=known.id, use=use)
            for key, use in wanted.items()
            if (known := stored.get(key)) is not None and (known.use != use or key in pinned)
        ],
        removed=[stored[key] for key in unwanted if key in stored],
    )


def _write(edge: Edge) -> dict[str, Any]:
    """Return an edge as JSON, to be read by `read_edge`."""
    return {
        "source": edge.source.code,
        "target": edge.target.code,
        "role": edge.role,
        "label": edge.label,
        "position": edge.position,
        "attributes": edge.attributes,
        "follow": edge.follow,
        "facets": None if edge.facets is None else int(edge.facets),
        "pinned": edge.pinned.id if edge.pinned else None,
    }


def read_edge(written: Mapping[str, Any], *, project_id: int) -> Edge:
    """Return a written edge; EntityNotFoundError when one of its ends is gone."""
    named = Entity.objects.filter(
        project=project_id, code__in=[written["source"], written["target"]]
    ).select_related("project")
    ends = {entity.code: entity for entity in named}
    for end in ("source", "target"):
        if written[end] not in ends:
            raise EntityNotFoundError(written[end])
    version = Version.objects.filter(pk=written["pinned"]).first()
    return Edge(
        source=ends[written["source"]],
        target=ends[written["target"]],
        role=written["role"],
        label=written["label"],
        position=written["position"],
        attributes=written["attributes"],
        follow=Follow(written["follow"]) if written["follow"] else None,
        facets=None if written["facets"] is None else Facet(written["facets"]),
        pinned=VersionRef(entity_id=version.entity_id, id=version.pk, checksum=version.checksum)
        if version
        else None,
    )


def _make_use(edge: Edge) -> Use:
    return Use(
        source_id=edge.source.pk,
        target_id=edge.target.pk,
        role=edge.role,
        label=edge.label,
        position=edge.position,
        attributes=edge.attributes,
        follow=edge.follow or Follow.BEST,
        facets=get_consumed(edge.role) if edge.facets is None else edge.facets,
    )


def _find_stored(keys: Iterable[UseKey]) -> dict[UseKey, StoredUse]:
    """Return those references that there are, by key; one statement, of the targets' own."""
    wanted = set(keys)
    rows = AssetReference.objects.filter(
        target__in=select_ids({target_id for _, target_id, _, _ in wanted}),
        source__in=select_ids({source_id for source_id, _, _, _ in wanted}),
    )
    found = {}
    for one in rows:
        use = Use(
            source_id=one.source_id,
            target_id=one.target_id,
            role=one.role,
            label=one.label,
            position=one.position,
            attributes=one.attributes,
            follow=Follow(one.follow),
            facets=Facet(one.facets),
        )
        if use.key in wanted:
            found[use.key] = StoredUse(id=one.pk, use=use)
    return found
