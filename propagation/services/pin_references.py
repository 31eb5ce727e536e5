"""Pin references to a version of their source, and let them go again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from assets.exceptions import ReferenceNotFoundError
from assets.models import AssetReference, Entity, Follow, Project, Role
from assets.services.access import check_role
from assets.services.locking import lock_project
from propagation.audit.trail import Entry, Trace, id_of, write_trail
from propagation.conflicts.policy import Resolving
from propagation.execution.cause import Cause
from propagation.models import RunKind
from propagation.services.change_content import Outcome
from propagation.services.change_references import (
    Edge,
    change_references,
    check_pins,
    make_edge,
    preview_references,
)
from propagation.services.propagate_change import ChangePreview
from versions.models import Consumption, Pin
from versions.services.heads import VersionRef
from versions.services.resolve import load_version


@dataclass(frozen=True, kw_only=True)
class Terms:
    """At which version of its source a reference stays, why, and until when.

    number None: the one that it has consumed. expires_at None: until somebody lets it go.
    """

    number: int | None = None
    reason: str = ""
    expires_at: datetime | None = None

    def write(self) -> dict[str, Any]:
        """Return them as JSON."""
        expires = self.expires_at and self.expires_at.isoformat()
        return {"number": self.number, "reason": self.reason, "expires_at": expires}


def read_terms(written: Mapping[str, Any]) -> Terms:
    """Return terms that were written."""
    expires = written["expires_at"] and datetime.fromisoformat(written["expires_at"])
    return Terms(number=written["number"], reason=written["reason"], expires_at=expires)


@transaction.atomic
def pin_reference(
    *,
    edge: Edge,
    terms: Terms,
    cause: Cause,
    at: datetime,
    base_version: int | None = None,
    resolving: Resolving | None = None,
    owner: User | None = None,
) -> Outcome:
    """Let the reference stay at a version, whatever its source does; edge: as `find_edge` says it.

    Its target gets a new version when it consumes another one by that, or was not frozen yet.
    What is pinned already gets the new terms. resolving, owner: the conflict that a person resolves
    by it, and whose pin it is; None: the actor's. Errors as change_references,
    VersionNotFoundError.
    """
    check_role(actor=cause.actor, project_id=edge.target.project_id, needed=Role.ARTIST)
    lock_project(project_id=edge.target.project_id)
    reference = _find(edge)
    check_pins(reference_ids=[reference.pk], actor=cause.actor, project_id=reference.project_id)
    edge = make_edge(reference)
    consumed = Consumption.objects.get(reference=reference).version
    version = consumed
    if terms.number is not None:
        version = load_version(entity=edge.source, number=terms.number)
    before = Follow(reference.follow)
    outcome = Outcome(run=None, version_numbers={})
    if before != Follow.FROZEN or version.pk != consumed.pk:
        pinned = VersionRef(entity_id=edge.source.pk, id=version.pk, checksum=version.checksum)
        outcome = change_references(
            added=[replace(edge, follow=Follow.FROZEN, pinned=pinned)],
            cause=cause,
            at=at,
            base_version=base_version,
            resolving=resolving,
        )
        reference.refresh_from_db()
    if outcome.open_conflicts:
        for conflict in outcome.open_conflicts:
            conflict.edit["terms"] = terms.write()
            conflict.save(update_fields=["edit"])
        return outcome
    if reference.follow != Follow.FROZEN:  # who resolved the conflict kept what is there
        return outcome
    known = {
        "version": version,
        "owner": owner or cause.actor,
        "reason": terms.reason,
        "expires_at": terms.expires_at,
        "pinned_at": at,
    }
    if before != Follow.FROZEN:
        known["follow"] = before
    Pin.objects.update_or_create(reference=reference, defaults=known)
    trace = Trace(
        actor_id=id_of(cause.actor),
        reason=terms.reason,
        entity_id=reference.target_id,
        name=edge.source.code,
        before={"follow": before.value, "version": consumed.number},
        after={
            "version": version.number,
            "expires_at": terms.expires_at.isoformat() if terms.expires_at else None,
        },
    )
    entry = Entry(action="pin_set", trace=trace, run_id=outcome.run.pk if outcome.run else None)
    write_trail(project_id=reference.project_id, entries=[entry], at=at)
    return outcome


@transaction.atomic
def unpin_reference(
    *, edge: Edge, cause: Cause, at: datetime, base_version: int | None = None
) -> Outcome:
    """Let the reference follow again what it followed before; nothing when it is not pinned.

    Whoever pinned it may, and supervisors. Errors as change_references.
    """
    check_role(actor=cause.actor, project_id=edge.target.project_id, needed=Role.ARTIST)
    lock_project(project_id=edge.target.project_id)
    reference = _find(edge)
    pin = Pin.objects.filter(reference=reference).first()
    if pin is None:
        return Outcome(run=None, version_numbers={})
    let_go = replace(make_edge(reference), follow=Follow(pin.follow))
    return change_references(added=[let_go], cause=cause, at=at, base_version=base_version)


def preview_pin(*, edge: Edge, terms: Terms, cause: Cause) -> ChangePreview:
    """Return what pinning the reference would do now, and write nothing; errors as pin_reference.

    found None: it is pinned there already, and only the terms would change.
    """
    reference = _find(edge)
    consumed = Consumption.objects.select_related("version").get(reference=reference).version
    version = consumed
    if terms.number is not None:
        version = load_version(entity=edge.source, number=terms.number)
    if reference.follow == Follow.FROZEN and version.pk == consumed.pk:
        check_role(actor=cause.actor, project_id=reference.project_id, needed=Role.VIEWER)
        return ChangePreview(fields={}, base_versions={}, found=None)
    pinned = VersionRef(entity_id=edge.source.pk, id=version.pk, checksum=version.checksum)
    frozen = replace(make_edge(reference), follow=Follow.FROZEN, pinned=pinned)
    return preview_references(added=[frozen], cause=cause)


def preview_unpin(*, edge: Edge, cause: Cause) -> ChangePreview:
    """Return what letting the reference go would do now, and write nothing.

    found None: it is not pinned. Errors as unpin_reference.
    """
    reference = _find(edge)
    pin = Pin.objects.filter(reference=reference).first()
    if pin is None:
        return ChangePreview(fields={}, base_versions={}, found=None)
    let_go = replace(make_edge(reference), follow=Follow(pin.follow))
    return preview_references(added=[let_go], cause=cause)


def expire_pins(*, at: datetime) -> int:
    """Let go what was pinned until now or earlier; return how many references that are.

    Those of locked targets wait until these are unlocked.
    """
    count = 0
    for project_id in _select_over(at).values_list("reference__project", flat=True).distinct():
        count += _expire(project_id, at)
    return count


def list_pins(*, target: Entity) -> QuerySet[Pin]:
    """Return the pins of what an entity uses."""
    return (
        Pin.objects.filter(reference__target=target)
        .select_related("reference__source", "version__entity", "owner")
        .order_by("reference__source__code", "pk")
    )


@transaction.atomic
def _expire(project_id: int, at: datetime) -> int:
    project: Project = lock_project(project_id=project_id)
    pins = _select_over(at).filter(reference__project=project)
    edges = [
        replace(make_edge(pin.reference), follow=Follow(pin.follow))
        for pin in pins.select_related("reference__source", "reference__target")
    ]
    cause = Cause(kind=RunKind.PIN, actor=None, note="pins that are over")
    change_references(added=edges, cause=cause, at=at)
    return len(edges)


def _select_over(at: datetime) -> QuerySet[Pin]:
    return Pin.objects.filter(expires_at__lte=at, reference__target__is_locked=False)


def _find(edge: Edge) -> AssetReference:
    found: AssetReference | None = (
        AssetReference.objects.filter(
            source=edge.source, target=edge.target, role=edge.role, label=edge.label
        )
        .select_related("source", "target")
        .first()
    )
    if found is None:
        detail = f"{edge.target.code} does not use {edge.source.code} as {edge.role}."
        raise ReferenceNotFoundError(detail)
    return found
