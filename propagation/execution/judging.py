"""Judge the targets of a change by the rules of its project, with what is known of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import F

from assets.graph.dependency_graph import DependencyGraph
from assets.models import Entity
from assets.setwise import select_ids
from propagation.models import PropagationRule
from propagation.planning.arrival import PINNED, Arrival, Judge, update_all
from propagation.planning.impact import Impact, judge_impact
from propagation.planning.reach import Reach, find_reach
from propagation.rules.evaluate import judge
from propagation.rules.rule import (
    BUILT_IN,
    SETS,
    Action,
    ChangeFacts,
    Conditions,
    Rule,
    TargetFacts,
    TargetStatus,
    Verdict,
)
from versions.facets import name_facets
from versions.models import DEFINITION, Head
from versions.services.pins import read_pins

BY_MODE = {"mark": Action.IGNORE, "manual": Action.HOLD}
OPEN = frozenset({TargetStatus.OPEN.value})


@dataclass(kw_only=True)
class Bench:
    """The rules of a project, and the facts about one change and whom it reaches.

    released: targets that a person let go on, and why; no rule holds them. excluded: targets that
    whoever changes something wants left as they are; this and the mode go before any rule.
    """

    graph: DependencyGraph
    rules: list[Rule]
    changed: Mapping[int, int]
    fields: frozenset[str]
    source_types: frozenset[str]
    forced: Mapping[int, int]
    released: str
    mode: str
    excluded: frozenset[int]
    moved: frozenset[str]
    _decided: dict[tuple[object, ...], Verdict] = field(default_factory=dict, init=False)

    @cached_property
    def affected(self) -> list[int]:
        """Every target that follows the change, if no rule kept it back."""
        return self._reach.list_following()

    def decide(self) -> Reach:
        """Return whom the change reaches, and what is decided about each."""
        reach = self._reach
        if reach.judge_again(self.judge):
            return reach
        return self._find_reach(self.judge)

    @cached_property
    def _reach(self) -> Reach:
        return self._find_reach(update_all)

    def _find_reach(self, judge: Judge) -> Reach:
        return find_reach(
            graph=self.graph,
            changed=self.changed,
            judge=judge,
            forced=self.forced,
            moved=self.moved,
        )

    @cached_property
    def pins(self) -> Mapping[int, str]:
        """Why those of the targets stay that people pinned; one statement."""
        stays = self._reach.list_numbers(Action.PINNED)
        return read_pins(entity_ids=self._reach.list_ids(stays))

    @cached_property
    def statuses(self) -> Mapping[int, frozenset[str]]:
        """Those of the targets that are approved or locked; two statements."""
        return read_statuses(entity_ids=self.affected)

    @cached_property
    def impact(self) -> Impact:
        """How much the change affects."""
        kinds = self._reach.count_following()
        return judge_impact(
            shots=sum(count for traits, count in kinds.items() if traits.kind == "shot"),
            guarded=len(self.statuses),
            critical=sum(count for traits, count in kinds.items() if traits.is_critical),
        )

    @cached_property
    def change(self) -> ChangeFacts:
        """What the rules may ask about the change."""
        return ChangeFacts(
            source_types=self.source_types, fields=self.fields, impact=self.impact.value
        )

    def judge(self, arrival: Arrival) -> Verdict:
        """Decide about one target."""
        if arrival.stays:
            reason = self.pins.get(arrival.entity_id, PINNED.reason)
            return Verdict(action=Action.PINNED, rule=PINNED.rule, reason=reason)
        if arrival.entity_id in self.forced:
            return Verdict(action=Action.UPDATE, rule="released", reason=self.released)
        if arrival.entity_id in self.excluded:
            return Verdict(action=Action.IGNORE, rule="excluded", reason="left out by the change")
        if self.mode in BY_MODE:
            reason = f"propagation_mode {self.mode}"
            return Verdict(action=BY_MODE[self.mode], rule=self.mode, reason=reason)
        return self._judge_by_rules(arrival)

    def _judge_by_rules(self, arrival: Arrival) -> Verdict:
        """Decide by the rules; about all targets that are alike, once."""
        statuses = self.statuses.get(arrival.entity_id, OPEN)
        code = self.graph.nodes[arrival.entity_id].code if self._needs_codes else ""
        like = (code, arrival.traits, statuses, arrival.roles, arrival.facets)
        verdict = self._decided.get(like)
        if verdict is None:
            target = TargetFacts(
                code=code,
                kind=arrival.traits.kind,
                type=arrival.traits.type,
                statuses=statuses,
                roles=arrival.roles,
                facets=frozenset(name_facets(arrival.facets)),
            )
            verdict = judge(self.rules, change=self.change, target=target)
            self._decided[like] = verdict
        return verdict

    @cached_property
    def _needs_codes(self) -> bool:
        """Whether a rule may look at which target it is, not only at what it is."""
        return any(rule.conditions.expression for rule in self.rules)


def load_rules(*, project_id: int) -> list[Rule]:
    """Return the rules of a project in their order, and behind them the built-in ones."""
    rows = PropagationRule.objects.filter(project=project_id, is_enabled=True)
    return [*map(read_rule, rows.order_by("position", "pk")), *BUILT_IN]


def read_rule(row: PropagationRule) -> Rule:
    """Return a stored rule as a value."""
    return Rule(
        name=row.name,
        action=Action(row.action),
        lane=row.lane,
        conditions=Conditions(
            **{name: frozenset(getattr(row, name)) for name in SETS}, expression=row.expression
        ),
    )


def read_statuses(*, entity_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Return which of the entities are approved or locked, and which of the two; two statements.

    Approved: the best definition is the newest approved one.
    """
    found: dict[int, set[str]] = {}
    ids = select_ids(entity_ids)
    locked: Iterable[int] = Entity.objects.filter(pk__in=ids, is_locked=True).values_list(
        "pk", flat=True
    )
    approved: Iterable[int] = Head.objects.filter(
        entity_id__in=ids, slot=DEFINITION, approved=F("best")
    ).values_list("entity_id", flat=True)
    for status, members in ((TargetStatus.LOCKED, locked), (TargetStatus.APPROVED, approved)):
        for entity_id in members:
            found.setdefault(entity_id, set()).add(status.value)
    return {entity_id: frozenset(statuses) for entity_id, statuses in found.items()}
