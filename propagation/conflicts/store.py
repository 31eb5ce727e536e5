"""Write conflicts: those that wait for a person, and those that settled by themselves."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.models import User

from assets.models import Entity
from propagation.audit.trail import Trace
from propagation.conflicts.edits import Edit
from propagation.conflicts.fields import covers, find_standing, read_clash, write_clash
from propagation.conflicts.strategies import Finding, MetVersion
from propagation.execution.start import preview
from propagation.live.events import News
from propagation.models import Conflict, ConflictStatus, PropagationRun, RunMode, Severity
from versions.facets import ALL_FACETS, Facet
from versions.merging.merge import is_same
from versions.models import Version
from versions.services.heads import HeadState


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an edit met something: an entity, where it stood, and what the edit started from.

    facets: of the entity that the edit would change, by which its severity is judged.
    """

    entity: Entity
    head: HeadState
    base_id: int | None = None
    facets: Facet = ALL_FACETS


def store_conflicts(
    *,
    place: Place,
    edit: Edit,
    findings: Sequence[Finding],
    at: datetime,
    run: PropagationRun | None = None,
    version_id: int | None = None,
) -> list[Conflict]:
    """Write a row for each finding; of an edit that waits, one for all that it waits for.

    run, version_id: what the edit led to, where all was settled. The caller holds the lock on what
    the edit is about, and records the news (`tell_conflicts`).
    """
    severity = _judge_severity(place)
    waiting = [one for one in findings if not one.decision.is_settled]
    told = [_combine(waiting)] if waiting else findings
    return [_store(place, edit, one, severity, at, run, version_id) for one in told]


def reopen_conflict(*, pk: int, place: Place, findings: Sequence[Finding]) -> Conflict:
    """Write what an open conflict has become, because something else happened meanwhile.

    What was chosen for fields that are as they were stays, also while something else is in the way.
    """
    finding = _combine([one for one in findings if not one.decision.is_settled])
    conflict: Conflict = Conflict.objects.select_related("entity").get(pk=pk)
    conflict.severity = _judge_severity(place)
    conflict.type = finding.type
    conflict.cause = finding.met.cause
    conflict.description = finding.met.description
    conflict.options = list(finding.decision.ways)
    conflict.theirs_id = place.head.best.id
    clashes = [
        clash
        for one in findings
        if isinstance(one.met, MetVersion)
        for clash in one.decision.clashes or one.met.clashes
    ]
    conflict.choices = find_standing(
        clashes=clashes, stored=conflict.fields, choices=conflict.choices
    )
    asked = {one.field for one in finding.decision.clashes} | conflict.choices.keys()
    conflict.fields = [write_clash(one) for one in clashes if one.field in asked]
    conflict.detail = dict(finding.met.detail)
    conflict.save()
    conflict.affected_users.set(_find_users(finding.met.users))
    return conflict


def close_conflict(
    *,
    conflict: Conflict,
    status: ConflictStatus,
    actor: User | None,
    at: datetime,
    reason: str = "",
) -> None:
    """Write how an open conflict ended; the caller holds its lock and records the news."""
    conflict.status, conflict.closed_at, conflict.closed_by = status, at, actor
    conflict.reason = reason
    conflict.save()


def expire_answered(
    *,
    fields: Mapping[int, Collection[str]],
    actor: User | None,
    at: datetime,
    besides: Iterable[Conflict] = (),
) -> list[Conflict]:
    """Close the actor's open conflicts about content that a new edit of theirs has answered.

    fields: what the edit changed, by entity id. It answers one in which it changed every field
    that the older edit wanted to change: who was refused, reads again and writes anew has nothing
    left to decide. besides: those that the edit itself met.
    """
    if actor is None or not fields:
        return []
    rows = Conflict.objects.filter(
        entity_id__in=list(fields), author=actor, status=ConflictStatus.OPEN, subject="content"
    )
    answered = []
    for conflict in (
        rows.exclude(pk__in=[one.pk for one in besides]).select_related("entity").order_by("pk")
    ):
        clashes = [read_clash(one) for one in conflict.fields]
        wanted = [one.field for one in clashes if not is_same(one.yours, one.base)]
        changed = fields[conflict.entity_id]
        if wanted and all(any(covers(one, field) for one in changed) for field in wanted):
            close_conflict(
                conflict=conflict,
                status=ConflictStatus.EXPIRED,
                actor=actor,
                at=at,
                reason="its author made the edit anew",
            )
            answered.append(conflict)
    return answered


def tell_conflicts(conflicts: Iterable[Conflict]) -> list[News]:
    """Return the news of conflicts that were opened or closed."""
    return [
        News(
            type="conflict_opened"
            if one.status == ConflictStatus.OPEN
            else "conflict_merged"
            if one.status == ConflictStatus.MERGED
            else "conflict_resolved",
            run_id=one.run_id,
            payload={
                "conflict_id": one.pk,
                "asset_id": one.entity.code,
                "conflict_type": one.type,
                "status": one.status,
                "severity": one.severity,
            },
            trace=_trace(one),
        )
        for one in conflicts
    ]


def _trace(conflict: Conflict) -> Trace:
    """Return who opened it, or who closed it, and how."""
    is_open = conflict.status == ConflictStatus.OPEN
    return Trace(
        actor_id=conflict.author_id if is_open else conflict.closed_by_id,
        reason=conflict.reason,
        entity_id=conflict.entity_id,
        name=f"conflict {conflict.pk}",
        rule=str(conflict.detail.get("rule", "")),
        before=None if is_open else {"fields": conflict.fields},
        after={"status": conflict.status, "choices": conflict.choices},
    )


def _combine(findings: Sequence[Finding]) -> Finding:
    """Return all that an edit waits for as one; the first says what it is about."""
    first = findings[0]
    users = dict.fromkeys(name for one in findings for name in one.met.users)
    detail = {name: value for one in reversed(findings) for name, value in one.met.detail.items()}
    return replace(
        first,
        met=replace(
            first.met,
            description=" ".join(one.met.description for one in findings),
            users=tuple(users),
            detail=detail | {"causes": [one.met.cause for one in findings]},
        ),
        decision=replace(
            first.decision,
            ways=tuple(dict.fromkeys(way for one in findings for way in one.decision.ways)),
            clashes=tuple(clash for one in findings for clash in one.decision.clashes),
        ),
    )


def _store(
    place: Place,
    edit: Edit,
    finding: Finding,
    severity: Severity,
    at: datetime,
    run: PropagationRun | None,
    version_id: int | None,
) -> Conflict:
    is_settled = finding.decision.is_settled
    met = finding.met
    clashes = finding.decision.clashes
    if is_settled and isinstance(met, MetVersion):
        clashes = met.touched
    row: Conflict = Conflict.objects.create(
        project_id=place.entity.project_id,
        entity=place.entity,
        type=finding.type,
        subject=edit.subject,
        cause=met.cause,
        status=ConflictStatus.MERGED if is_settled else ConflictStatus.OPEN,
        severity=severity,
        description=met.description,
        options=list(finding.decision.ways),
        author=edit.cause.actor,
        base_id=place.base_id,
        theirs_id=place.head.best.id,
        edit=edit.write(),
        fields=[write_clash(one) for one in clashes],
        detail=dict(met.detail),
        version_id=version_id,
        run=run,
        reason=finding.decision.how,
        opened_at=at,
        closed_at=at if is_settled else None,
        closed_by=edit.cause.actor if is_settled else None,
    )
    row.affected_users.set(_find_users(met.users))
    return row


def _find_users(names: Sequence[str]) -> list[User]:
    return list(User.objects.filter(username__in=names)) if names else []


def _judge_severity(place: Place) -> Severity:
    """Return how much hangs on the edit: the impact that it would have now."""
    found = preview(
        project_id=place.entity.project_id,
        sources={place.entity.pk: place.facets},
        mode=RunMode.AUTO,
    )
    return Severity(found.impact.value)


def find_base_id(*, entity: Entity, number: int | None) -> int | None:
    """Return the id of the definition of this number, if there is one."""
    if number is None:
        return None
    rows = Version.objects.filter(entity=entity, slot="definition", number=number)
    return rows.values_list("pk", flat=True).first()
