"""Find what an edit meets, under the lock on what it changes: no window between look and write."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from django.contrib.auth.models import User

from assets.models import Entity
from assets.setwise import select_ids
from propagation.conflicts.fields import apply_choices, list_touched, overlap
from propagation.conflicts.policy import Resolving
from propagation.conflicts.strategies import (
    Finding,
    MetEditor,
    MetObstacle,
    MetVersion,
    Policy,
    decide,
)
from propagation.models import EditLease, LeaseMode, RunKind, RunSource, RunStatus
from propagation.models.run import ACTIVE_STATUSES
from versions.canonical import JsonObject
from versions.change import find_changes
from versions.merging.merge import Clash, Value, is_same, merge_contents
from versions.services.heads import HeadState, VersionRef
from versions.services.merging import Beginning, load_beginning, load_schema

TAKING_BACK = (RunKind.ROLLBACK, RunKind.UNDO)
NAMED = 5
"""Fields and people that a description names."""


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What an edit comes to. merged_from: the version that it started from, where it was merged.

    findings: what it met; when one of them is not settled, the edit may not be written.
    """

    content: JsonObject
    findings: Sequence[Finding] = ()
    merged_from: VersionRef | None = None

    @property
    def is_open(self) -> bool:
        """Whether a person has to decide."""
        return any(_is_open(one) for one in self.findings)


@dataclass(frozen=True, kw_only=True)
class Examiner:
    """Looks at edits of one actor, at one time, in one project."""

    policy: Policy
    actor: User | None
    at: datetime
    entity_ids: tuple[int, ...]
    resolving: Resolving | None = None

    @cached_property
    def leases(self) -> list["Lease"]:
        """What others are editing of the entities now; one statement. Nobody stops the operator."""
        if self.actor is None:
            return []
        return find_leases(entity_ids=self.entity_ids, actor=self.actor, at=self.at)

    @cached_property
    def held_sources(self) -> Mapping[int, Sequence["HeldSource"]]:
        """The unfinished runs of the entities; one statement."""
        return find_held_sources(entity_ids=self.entity_ids)

    def examine(
        self, *, entity: Entity, head: HeadState, current: JsonObject, mine: "Mine"
    ) -> Examined:
        """Return what an edit of an entity's content comes to, and what it meets.

        current: what the entity carries now.
        """
        findings: list[Finding] = []
        began, content = None, mine.patch(current)
        # Whoever was asked about fields has said what they become, also where nothing clashes now.
        is_asked = self.resolving is not None and bool(self.resolving.choices)
        if mine.base_version is not None and (is_asked or mine.base_version != head.best_number):
            began = load_beginning(entity=entity, head=head, number=mine.base_version)
            if began.is_current and not is_asked:
                began = None
        yours = content
        if began is not None:
            yours = mine.patch(began.content)
            content, finding = self._merge(entity, current, yours, began)
            findings.append(finding)
        wanted = find_changes(current, content)
        if not wanted and all(one.decision.is_settled for one in findings):
            return Examined(content=content)
        if began is not None:
            wanted = find_changes(began.content, yours)
        findings += self._find_editors(entity, [change.field for change in wanted])
        # Whose version it is merged with, their run is no second matter.
        findings += [one for one in self._find_runs(entity) if not findings or _is_open(one)]
        return Examined(
            content=content, findings=findings, merged_from=began.version if began else None
        )

    def _merge(
        self, entity: Entity, current: JsonObject, yours: JsonObject, began: Beginning
    ) -> tuple[JsonObject, Finding]:
        schema = load_schema(project_id=entity.project_id, entity_type=entity.type)
        sides = {"base": began.content, "theirs": current, "yours": yours}
        is_strict = self.policy.strictness == "strict"
        asked = self.resolving.choices if self.resolving else ()
        merge = merge_contents(**sides, schema=schema, is_strict=is_strict, asked=asked)
        clashes, touched = merge.clashes, list_touched(**sides)
        chosen = self._choose(clashes)
        if self.policy.strictness == "relaxed":
            chosen = {one.field: one.yours for one in clashes} | chosen
        if chosen:
            merge = merge_contents(
                **sides, schema=schema, choices=chosen, is_strict=is_strict, asked=asked
            )
        met = _describe(clashes, touched, began)
        met = replace(met, left=tuple(merge.clashes), detail={"combined": list(merge.combined)})
        return merge.content, decide(met, self.policy)

    def _choose(self, clashes: Sequence[Clash]) -> dict[str, Value]:
        if self.resolving is None:
            return {}
        return apply_choices(
            clashes=clashes, stored=self.resolving.fields, choices=self.resolving.choices
        )

    def _find_editors(self, entity: Entity, named: Collection[str]) -> list[Finding]:
        return [
            decide(lease.describe(), self.policy)
            for lease in self.leases
            if lease.entity_id == entity.pk and overlap(named, lease.fields)
        ]

    def _find_runs(self, entity: Entity) -> list[Finding]:
        mine = self.actor.get_username() if self.actor else None
        held = self.held_sources.get(entity.pk, ())
        return [decide(one.describe(), self.policy) for one in held if one.by != mine]


@dataclass(frozen=True, kw_only=True)
class Mine:
    """What somebody wants an entity's content to become, from the version that they saw."""

    patch: Callable[[JsonObject], JsonObject]
    base_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class Lease:
    """Fields of an entity that somebody else is editing; none: all of it."""

    entity_id: int
    by: str
    fields: Sequence[str]

    def describe(self) -> MetEditor:
        """Return it as something that an edit met."""
        return MetEditor(
            cause="leased",
            description=f"{self.by} is editing {list_some(self.fields) or 'all of it'}.",
            users=(self.by,),
            detail={"fields": list(self.fields)},
        )


@dataclass(frozen=True, kw_only=True)
class HeldSource:
    """An unfinished run of a source. by: whose it is; None: the operator's."""

    run_id: int
    status: str
    kind: str
    by: str | None

    def describe(self) -> MetObstacle:
        """Return it as something that stands in the way."""
        who = self.by or "the operator"
        does = "takes it back" if self.kind in TAKING_BACK else "brings a change of it along"
        state = " and was paused" if self.status == RunStatus.PAUSED else ""
        return MetObstacle(
            cause="run",
            description=f"Run {self.run_id} of {who} {does}{state}.",
            users=(self.by,) if self.by else (),
            detail={"run_id": self.run_id},
            # A newer run takes over what an older one has not done; one that was paused stands.
            is_passing=self.status != RunStatus.PAUSED,
        )


def find_leases(*, entity_ids: Collection[int], actor: User | None, at: datetime) -> list[Lease]:
    """Return what others than the actor are editing of the entities now; one statement."""
    live = EditLease.objects.filter(
        entity_id__in=select_ids(entity_ids), expires_at__gt=at, mode=LeaseMode.EDIT
    )
    if actor is not None:
        live = live.exclude(user=actor)
    rows = live.order_by("pk").values_list("entity_id", "user__username", "fields")
    return [Lease(entity_id=pk, by=by, fields=fields) for pk, by, fields in rows]


def find_held_sources(*, entity_ids: Collection[int]) -> dict[int, list[HeldSource]]:
    """Return the unfinished runs of each of the entities; one statement."""
    rows = RunSource.objects.filter(
        entity_id__in=select_ids(entity_ids), run__status__in=ACTIVE_STATUSES
    ).order_by("run_id")
    found: dict[int, list[HeldSource]] = {}
    columns = ("entity_id", "run_id", "run__status", "run__kind", "run__actor__username")
    for entity_id, run_id, status, kind, by in rows.values_list(*columns):
        held = HeldSource(run_id=run_id, status=status, kind=kind, by=by)
        found.setdefault(entity_id, []).append(held)
    return found


def _is_open(finding: Finding) -> bool:
    return not finding.decision.is_settled


def _describe(clashes: Sequence[Clash], touched: Sequence[Clash], began: Beginning) -> MetVersion:
    who = list_some(began.authors) or "Somebody"
    theirs = [one.field for one in touched if not is_same(one.base, one.theirs)]
    named = [one.field for one in clashes]
    return MetVersion(
        cause="version",
        description=f"{who} changed {list_some(named or theirs)} since v{began.number}.",
        users=began.authors,
        clashes=tuple(clashes),
        touched=(*clashes, *(one for one in touched if one.field not in named)),
    )


def list_some(names: Sequence[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
