"""Read the audit trail: of a project, and of an entity with what runs made of it."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from assets.models import Entity, Project
from propagation.models import AuditEntry, PropagationItem, PropagationRun
from versions.models import Origin, Version
from versions.naming import write_version_id

PROPAGATED = "version_propagated"
ENTRIES, VERSIONS = 0, 1
"""Where a row comes from; of the same time, in this order."""


@dataclass(frozen=True, kw_only=True)
class ActivityFilter:
    """Which rows; None and empty: all. since and until: from the one, before the other."""

    entity: Entity | None = None
    actor: str | None = None
    actions: Sequence[str] = ()
    run_id: int | None = None
    rule: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """A row's place in the order: newest first."""

    at: datetime
    source: int
    pk: int


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One row, and where it stands."""

    place: Place
    described: dict[str, Any] = field(compare=False)


def read_activity(
    *, project: Project, wanted: ActivityFilter, after: Place | None, limit: int
) -> list[Activity]:
    """Return the rows behind a place, newest first; two statements.

    What runs made of targets has rows of its own among those of an entity: its versions. Of a
    project only what started and ended the runs is told; GET /runs/{id}/items has the rest.
    """
    entries = _select_entries(project, wanted).filter(_beyond(after, ENTRIES, "at"))
    sources = [map(_describe_entry, entries.order_by("-at", "-pk")[:limit])]
    if wanted.entity is not None and (not wanted.actions or PROPAGATED in wanted.actions):
        versions = _select_versions(wanted).filter(_beyond(after, VERSIONS, "created_at"))
        sources.append(map(_describe_version, versions.order_by("-created_at", "-pk")[:limit]))
    return list(islice(heapq.merge(*sources, key=_rank), limit))


def _rank(row: Activity) -> tuple[float, int, int]:
    return -row.place.at.timestamp(), row.place.source, -row.place.pk


def _beyond(place: Place | None, source: int, column: str) -> Q:
    """Return the condition for rows of a source that come after the place."""
    if place is None:
        return Q()
    earlier = Q(**{f"{column}__lt": place.at})
    if source < place.source:
        return earlier
    # The first condition is a range of the index; the second only filters.
    until = Q(**{f"{column}__lte": place.at})
    return until if source > place.source else until & (earlier | Q(pk__lt=place.pk))


def _select_entries(project: Project, wanted: ActivityFilter) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects.filter(project=project).select_related("actor", "entity")
    given: dict[str, Any] = {
        "entity": wanted.entity,
        "actor__username": wanted.actor,
        "action__in": list(wanted.actions) or None,
        "run_id": wanted.run_id,
        "rule": wanted.rule,
        "at__gte": wanted.since,
        "at__lt": wanted.until,
    }
    return rows.filter(**{name: value for name, value in given.items() if value is not None})


def _select_versions(wanted: ActivityFilter) -> QuerySet[Version]:
    items = PropagationItem.objects.filter(run=OuterRef("run_id"), entity=OuterRef("entity_id"))
    runs = PropagationRun.objects.filter(pk=OuterRef("run_id"))
    rows = Version.objects.filter(entity=wanted.entity, origin=Origin.PROPAGATED).annotate(
        rule=Subquery(items.values("rule")[:1]),
        why=Subquery(items.values("reason")[:1]),
        was=Subquery(items.filter(version=OuterRef("pk")).values("before__number")[:1]),
        by=Subquery(runs.values("actor__username")[:1]),
    )
    given: dict[str, Any] = {
        "by": wanted.actor,
        "run_id": wanted.run_id,
        "rule": wanted.rule,
        "created_at__gte": wanted.since,
        "created_at__lt": wanted.until,
    }
    rows = rows.filter(**{name: value for name, value in given.items() if value is not None})
    return rows.select_related("entity").annotate(code=F("entity__code"))


def _describe_entry(entry: AuditEntry) -> Activity:
    return Activity(
        place=Place(at=entry.at, source=ENTRIES, pk=entry.pk),
        described={
            "at": entry.at,
            "actor": entry.actor.username if entry.actor else None,
            "action": entry.action,
            "asset_id": entry.entity.code if entry.entity else None,
            "name": entry.name,
            "run_id": entry.run_id,
            "rule": entry.rule,
            "reason": entry.reason,
            "before": entry.before,
            "after": entry.after,
        },
    )


def _describe_version(version: Any) -> Activity:  # noqa: ANN401 (a version with what was annotated)
    return Activity(
        place=Place(at=version.created_at, source=VERSIONS, pk=version.pk),
        described={
            "at": version.created_at,
            "actor": version.by,
            "action": PROPAGATED,
            "asset_id": version.code,
            "name": write_version_id(version.code, version.number, version.slot),
            "run_id": version.run_id,
            "rule": version.rule or "",
            "reason": version.why or "",
            "before": {"version": version.was or version.number - 1},
            "after": {"version": version.number},
        },
    )
