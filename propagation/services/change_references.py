"""Add and remove references: the graph changes, and so does what its targets are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from assets.exceptions import CycleError, ReferenceNotFoundError
from assets.graph.cache import load_graph
from assets.models import AssetReference, Entity, Project, Role
from assets.services.access import check_role
from assets.services.locking import advance_graph_revision, lock_project
from propagation.exceptions import InvalidEdgeError
from propagation.execution.start import Cause, start_run
from propagation.live.events import News
from propagation.services.change_content import Outcome
from propagation.services.check_edge import check_edge, check_ends, check_single
from propagation.services.relinking import (
    Relinking,
    StoredUse,
    Use,
    UseKey,
    list_inputs,
    write_relinking,
)
from versions.canonical import JsonObject
from versions.models import Head, Origin
from versions.services.drafting import Edits, draft_versions
from versions.services.following import read_frozen
from versions.services.heads import lock_heads
from versions.services.publish import Stamp, publish_versions

TOLD_TARGETS = 100
"""Codes that an event names; more are counted only."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One use of a source by a target, as a person names it."""

    source: Entity
    target: Entity
    role: str = "depends_on"
    label: str = ""
    position: int = 0
    attributes: JsonObject = field(default_factory=dict)


@transaction.atomic
def change_references(
    *, added: Sequence[Edge] = (), removed: Sequence[Edge] = (), cause: Cause, at: datetime
) -> Outcome:
    """Add and remove references of one project; targets get a version, dependents a run.

    Adding one that exists, with the same role and label, gives it the position and attributes of
    the new one, and does nothing when they are the same. SelfReferenceError, CycleError with the
    path, CrossProjectReferenceError, InvalidEdgeError for ends that the role does not allow,
    ReferenceNotFoundError, RoleTooLowError.
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
    relinking = _compare(added, removed)
    if relinking.is_empty:
        return Outcome(run=None, version_numbers={})
    _check_cycles(project_id, relinking)
    check_single(uses=relinking.added)
    entities = {e.pk: e for edge in (*added, *removed) for e in (edge.source, edge.target)}
    codes = {pk: entity.code for pk, entity in entities.items()}
    return _write(project, relinking, codes, cause, at)


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
    return Edge(source=source, target=target, role=one.role, label=one.label)


def _write(
    project: Project,
    relinking: Relinking,
    codes: Mapping[int, str],
    cause: Cause,
    at: datetime,
) -> Outcome:
    """Write the references, publish their targets and start the run.

    The sources' heads are locked as well: a run that is about to move one either finds the new
    reference when it ends, or has moved it before it is read here.
    """
    heads = lock_heads(Head.objects.filter(entity_id__in=list(codes)))
    added_ids = write_relinking(
        relinking=relinking, project=project, actor=cause.actor, reason=cause.note, at=at
    )
    advance_graph_revision(project=project)
    inputs = list_inputs(relinking=relinking, added_ids=added_ids, codes=codes)
    drafts = draft_versions(
        edits=Edits(
            codes=codes,
            contents={},
            inputs=inputs,
            note=cause.note,
            frozen=read_frozen(AssetReference.objects.filter(project=project)),
        ),
        order=load_graph(project_id=project.pk).sort(inputs),
        heads=heads,
        stamp=Stamp(origin=Origin.RELINKED, at=at, author=cause.actor),
    )
    version_ids = publish_versions(drafts)
    run = start_run(
        project_id=project.pk,
        sources=version_ids,
        cause=cause,
        at=at,
        news=[_tell(relinking, [codes[pk] for pk in inputs])],
    )
    numbers = {pk: heads[pk].latest_number + 1 for pk in version_ids}
    return Outcome(run=run, version_numbers=numbers, changed=frozenset(numbers))


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
    stored = {key: _find_stored(key) for key in (*wanted, *unwanted)}
    for edge in removed:
        if stored[_make_use(edge).key] is None:
            detail = f"{edge.target.code} does not use {edge.source.code} as {edge.role}."
            raise ReferenceNotFoundError(detail)
    return Relinking(
        added=[use for key, use in wanted.items() if stored[key] is None],
        changed=[
            StoredUse(id=known.id, use=use)
            for key, use in wanted.items()
            if (known := stored[key]) is not None and known.use != use
        ],
        removed=[known for key in unwanted if (known := stored[key]) is not None],
    )


def _check_cycles(project_id: int, relinking: Relinking) -> None:
    """Refuse what would close a cycle; what the same call removes counts as gone."""
    graph = load_graph(project_id=project_id)
    cycle = graph.find_cycle(
        adding=[(use.source_id, use.target_id) for use in relinking.added],
        removing=[(one.use.source_id, one.use.target_id) for one in relinking.removed],
    )
    if cycle:
        raise CycleError([graph.nodes[pk].code for pk in cycle])


def _make_use(edge: Edge) -> Use:
    return Use(
        source_id=edge.source.pk,
        target_id=edge.target.pk,
        role=edge.role,
        label=edge.label,
        position=edge.position,
        attributes=edge.attributes,
    )


def _find_stored(key: UseKey) -> StoredUse | None:
    source_id, target_id, role, label = key
    reference = AssetReference.objects.filter(
        source=source_id, target=target_id, role=role, label=label
    ).first()
    if reference is None:
        return None
    use = Use(
        source_id=source_id,
        target_id=target_id,
        role=role,
        label=label,
        position=reference.position,
        attributes=reference.attributes,
    )
    return StoredUse(id=reference.pk, use=use)
