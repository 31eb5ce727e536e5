"""Look at an edit of references under the project's lock, and keep what it met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from assets.models import Entity, Role
from assets.services.access import has_role
from propagation.conflicts.detect import find_leases
from propagation.conflicts.edits import Edit
from propagation.conflicts.fields import apply_choices, overlap
from propagation.conflicts.policy import Resolving, check_based, load_policy
from propagation.conflicts.references import (
    COLUMNS,
    Wish,
    meet_cycle,
    meet_edits,
    meet_rules,
    write_key,
)
from propagation.conflicts.store import Place, reopen_conflict, store_conflicts, tell_conflicts
from propagation.conflicts.strategies import Finding, Met, MetVersion, decide
from propagation.execution.cause import Cause
from propagation.live.events import record_events
from propagation.models import Conflict, Subject
from propagation.services.relinking import Relinking, StoredUse, Use, UseKey
from versions.exceptions import VersionMovedError
from versions.facets import Facet
from versions.merging.merge import is_same
from versions.models import DEFINITION, Version
from versions.services.heads import HeadState

USES = "uses"
"""What an edit of references touches of its target, in the words of a lease."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What an edit of references is made on: its ends by id, where they stand, who makes it."""

    entities: Mapping[int, Entity]
    heads: Mapping[int, HeadState]
    cause: Cause
    at: datetime
    base_version: int | None = None
    resolving: Resolving | None = None

    @property
    def codes(self) -> Mapping[int, str]:
        """The codes of the ends."""
        return {pk: entity.code for pk, entity in self.entities.items()}

    @property
    def project_id(self) -> int:
        """The project of all of them."""
        return next(iter(self.entities.values())).project_id


def examine_relinking(*, relinking: Relinking, look: Look) -> tuple[Relinking, list[Finding]]:
    """Return what is to be written, and what it met; the caller holds the locks.

    What a person chose for a reference is heeded: it is left out when they keep what is there.
    BaseRequiredError; VersionMovedError for a base version that was never published.
    """
    policy = load_policy(project_id=look.project_id, resolving=look.resolving)
    if look.resolving is None:
        check_based(policy=policy, base_versions=[look.base_version], actor=look.cause.actor)
    met: list[Met | None] = []
    edits = meet_edits(
        wishes=_list_wishes(relinking), began=_find_began(relinking, look), codes=look.codes
    )
    if edits is not None:
        edits, relinking = _choose(edits, relinking, look)
    met += [edits, *_meet_editors(relinking, look)]
    met.append(
        meet_cycle(
            project_id=look.project_id,
            adding=[(use.source_id, use.target_id) for use in relinking.added],
            removing=[(one.use.source_id, one.use.target_id) for one in relinking.removed],
        )
    )
    if not _supervises(look):
        uses = [(use.key, int(use.facets)) for use in relinking.uses]
        met.append(meet_rules(project_id=look.project_id, uses=uses, entities=look.entities))
    return relinking, [decide(one, policy) for one in met if one is not None]


def keep_relinking(
    *, look: Look, findings: Sequence[Finding], asked: Mapping[str, Any]
) -> list[Conflict]:
    """Store what an edit that was not written met, and tell of it."""
    target = asked["added"] + asked["removed"]
    entity = next(one for one in look.entities.values() if one.code == target[0]["target"])
    began = _load_began(entity, look.base_version) if look.base_version else None
    place = Place(
        entity=entity,
        head=look.heads[entity.pk],
        base_id=began.pk if began else None,
        facets=Facet.RELATIONSHIP,
    )
    if look.resolving is not None:
        pk = look.resolving.conflict_id
        kept = [reopen_conflict(pk=pk, place=place, findings=findings)]
    else:
        asked = {**asked, "base_version": look.base_version}
        edit = Edit(subject=Subject.REFERENCES, asked=asked, cause=look.cause)
        kept = store_conflicts(place=place, edit=edit, findings=findings, at=look.at)
    record_events(project_id=look.project_id, news=tell_conflicts(kept), at=look.at)
    return kept


def _list_wishes(relinking: Relinking) -> list[Wish]:
    wanted = [*relinking.added, *(one.use for one in relinking.changed)]
    return [
        *(Wish(key=use.key, value=_tell(use)) for use in wanted),
        *(Wish(key=one.use.key, value=None) for one in relinking.removed),
    ]


def _tell(use: Use) -> dict[str, Any]:
    return {name: getattr(use, name) for name in COLUMNS}


def _find_began(relinking: Relinking, look: Look) -> dict[int, Version]:
    """Return the versions that the edit started from of those targets that moved on since."""
    if look.base_version is None:
        return {}
    return {
        pk: _load_began(look.entities[pk], look.base_version, look.heads[pk])
        for pk in {use.target_id for use in relinking.uses}
        if look.heads[pk].best_number != look.base_version
    }


def _load_began(entity: Entity, number: int, head: HeadState | None = None) -> Version:
    found: Version | None = Version.objects.filter(
        entity=entity, slot=DEFINITION, number=number
    ).first()
    if found is None:
        current = head.best_number if head else number
        raise VersionMovedError(entity_code=entity.code, given=number, current=current)
    return found


def _choose(met: MetVersion, relinking: Relinking, look: Look) -> tuple[MetVersion, Relinking]:
    """Return what clashes still, and the edit without what a person decided against."""
    if look.resolving is None:
        return met, relinking
    chosen = apply_choices(
        clashes=met.clashes, stored=look.resolving.fields, choices=look.resolving.choices
    )
    left = tuple(one for one in met.clashes if one.field not in chosen)
    dropped = {
        one.field
        for one in met.clashes
        if one.field in chosen and not is_same(chosen[one.field], one.yours)
    }
    return replace(met, left=left), _drop(relinking, dropped, look.codes)


def _drop(relinking: Relinking, fields: set[str], codes: Mapping[int, str]) -> Relinking:
    def keeps(key: UseKey) -> bool:
        return write_key(key, codes) not in fields

    def keep_stored(some: Sequence[StoredUse]) -> list[StoredUse]:
        return [one for one in some if keeps(one.use.key)]

    return Relinking(
        added=[use for use in relinking.added if keeps(use.key)],
        changed=keep_stored(relinking.changed),
        removed=keep_stored(relinking.removed),
    )


def _meet_editors(relinking: Relinking, look: Look) -> list[Met]:
    targets = {use.target_id for use in relinking.uses}
    if look.cause.actor is None:
        return []
    leases = find_leases(entity_ids=targets, actor=look.cause.actor, at=look.at)
    return [lease.describe() for lease in leases if overlap([USES], lease.fields)]


def _supervises(look: Look) -> bool:
    actor = look.cause.actor
    return actor is None or has_role(
        actor=actor, project_id=look.project_id, needed=Role.SUPERVISOR
    )
