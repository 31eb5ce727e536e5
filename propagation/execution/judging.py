"""Judge the targets of a change by the rules of its project, with what is known of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import F

from assets.graph.dependency_graph import DependencyGraph
from assets.models import Entity
from assets.setwise import select_ids
from propagation.models import PropagationRule
from propagation.planning.impact import Impact, judge_impact
from propagation.planning.reach import PINNED, Arrival, find_reach
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
from versions.facets import Facet, name_facets
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

    @cached_property
    def affected(self) -> list[int]:
        """Every target that follows the change, if no rule kept it back."""
        return [one.entity_id for one in self._arrivals if not one.stays]

    @cached_property
    def _arrivals(self) -> list[Arrival]:
        reach = find_reach(
            graph=self.graph, changed=self.changed, forced=self.forced, moved=self.moved
        )
        return [one.arrival for one in reach]

    @cached_property
    def pins(self) -> Mapping[int, str]:
        """Why those of the targets stay that people pinned; one statement."""
        return read_pins(entity_ids=[one.entity_id for one in self._arrivals if one.stays])

    @cached_property
    def statuses(self) -> Mapping[int, frozenset[str]]:
        """Those of the targets that are approved or locked; two statements."""
        return read_statuses(entity_ids=self.affected)

    @cached_property
    def impact(self) -> Impact:
        """How much the change affects."""
        nodes = [self.graph.nodes[entity] for entity in self.affected]
        return judge_impact(
            shots=sum(node.kind == "shot" for node in nodes),
            guarded=len(self.statuses),
            critical=sum(node.is_critical for node in nodes),
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
        node = self.graph.nodes[arrival.entity_id]
        target = TargetFacts(
            code=node.code,
            kind=node.kind,
            type=node.type,
            statuses=self.statuses.get(arrival.entity_id, OPEN),
            roles=arrival.roles,
            facets=frozenset(name_facets(Facet(arrival.facets))),
        )
        return judge(self.rules, change=self.change, target=target)


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
