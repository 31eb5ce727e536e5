"""What a change would do, as a document: the same words through every door."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from assets.graph.cache import load_graph
from assets.models import Entity, Project
from propagation.conflicts.fields import write_clash
from propagation.conflicts.strategies import Finding
from propagation.execution.start import Preview
from propagation.planning.estimate import estimate_duration, estimate_memory
from propagation.planning.impact import Impact
from propagation.planning.plan import Plan
from propagation.planning.reach import trace_all
from propagation.rules.rule import Action
from propagation.services.edit_leases import list_leases
from propagation.services.plans import read_past
from propagation.services.propagate_change import ChangePreview
from versions.facets import NO_FACETS, Facet, name_facets
from versions.models import DEFINITION
from versions.naming import write_version_id

SHOWN_SEQUENCES = 500
"""Sequences that a document lists; `affected_sequences` counts all."""


def describe_preview(
    *, entity: Entity, found: ChangePreview, slot: str = DEFINITION
) -> dict[str, Any]:
    """Return what a change of one entity would do."""
    return {
        "dry_run": True,
        **describe_change(entity=entity, found=found, slot=slot),
        **describe_impact(project=entity.project, found=found.found),
    }


def describe_change(
    *, entity: Entity, found: ChangePreview, slot: str = DEFINITION
) -> dict[str, Any]:
    """Return which entity would change, from which version, and what differs."""
    return {
        "asset_id": entity.code,
        "base_version": write_version_id(entity.code, found.base_versions[entity.pk], slot),
        "fields": [asdict(one) for one in found.fields[entity.pk]],
        "change_type": name_facets(found.facets.get(entity.pk, NO_FACETS)),
        "conflicts": [describe_met(one, found.found) for one in found.findings],
    }


def describe_met(finding: Finding, found: Preview | None) -> dict[str, Any]:
    """Return what a change would meet, in the words in which a stored conflict is told."""
    return {
        "type": finding.type,
        "severity": found.impact if found else Impact.LOW,
        "description": finding.met.description,
        "affected_users": list(finding.met.users),
        "resolution_options": list(finding.decision.ways),
        "settled_by": finding.decision.how or None,
        "fields": [write_clash(one) for one in finding.decision.clashes],
    }


def describe_impact(*, project: Project, found: Preview | None) -> dict[str, Any]:
    """Return how much a run would affect, in which lanes, and how long it would take."""
    plan = found.plan if found else None
    return {
        "impact_level": found.impact if found else Impact.LOW,
        "affected_entities": len(plan.reach) if plan else 0,
        "updates": plan.total if plan else 0,
        "verdicts": _count_verdicts(plan),
        "impact": {
            "affected_shots": plan.affected_shots if plan else 0,
            "affected_sequences": plan.affected_sequences if plan else 0,
            **_estimate(project, plan),
            "can_be_batch_processed": bool(plan and plan.lane_counts.get("batch")),
        },
        "sequences": _count_sequences(project, plan) if plan else [],
        "phases": [
            {"type": lane, "count": count}
            for lane, count in (plan.lane_counts if plan else {}).items()
        ],
        "held": _count_by_rule(plan, Action.HOLD),
        "skipped": _count_by_rule(plan, Action.IGNORE),
        "pinned": _count_by_rule(plan, Action.PINNED),
        "under_edit": _list_edited(project, plan) if plan else [],
    }


def describe_items(*, project: Project, found: Preview | None) -> list[dict[str, Any]]:
    """Return each target: what becomes of it, in which lane, why, and how it is reached."""
    if found is None:
        return []
    plan, graph = found.plan, load_graph(project_id=project.pk)
    paths = trace_all(plan.reach)
    lanes = plan.lanes
    return [
        {
            "id": graph.nodes[pk].code,
            "type": graph.nodes[pk].type,
            "verdict": one.verdict.action,
            "rule": one.verdict.rule,
            "reason": one.verdict.reason,
            "lane": lanes.get(pk),
            "facets": name_facets(Facet(one.arrival.facets)),
            "path": [graph.nodes[step].code for step in paths[pk]],
        }
        for one in plan.reach
        for pk in [one.arrival.entity_id]
    ]


def _estimate(project: Project, plan: Plan | None) -> dict[str, Any]:
    """Return the time that it takes, as far as runs before it tell, and the memory."""
    total = plan.total if plan else 0
    duration = estimate_duration(total=total, past=read_past(project_id=project.pk))
    largest = max(map(len, plan.batches), default=0) if plan else 0
    time = None
    if duration:
        time = {"p50_s": duration.p50_s, "p90_s": duration.p90_s, "sample": duration.sample}
    return {
        "estimated_processing_time": time,
        "estimate": "measured" if duration else "no estimate yet",
        "memory_impact": estimate_memory(total=total, largest_batch=largest),
    }


def _count_verdicts(plan: Plan | None) -> dict[str, int]:
    counts = Counter(one.verdict.action for one in plan.reach) if plan else Counter[Action]()
    return {action.value: counts[action] for action in Action}


def _list_edited(project: Project, plan: Plan) -> list[dict[str, Any]]:
    """Return which targets somebody is editing just now; their edits are merged with the update."""
    reached = set(plan.reach.list_ids())
    return [
        {"id": lease.entity.code, "user": lease.user.get_username(), "fields": lease.fields}
        for lease in list_leases(at=timezone.now()).filter(entity__project=project)
        if lease.entity_id in reached
    ]


def _count_by_rule(plan: Plan | None, action: Action) -> list[dict[str, Any]]:
    """Return how many targets each rule holds back or leaves as they are, most first."""
    verdicts = [one.verdict for one in plan.others] if plan else []
    counts = Counter(one.rule for one in verdicts if one.action == action)
    return [{"rule": rule, "count": count} for rule, count in counts.most_common()]


def _count_sequences(project: Project, plan: Plan) -> list[dict[str, Any]]:
    """Return how many of its shots each affected sequence has among the targets, most first."""
    graph = load_graph(project_id=project.pk)
    reached = set(plan.reach.list_ids())
    counts = {
        pk: len(
            {
                source
                for source, _ in graph.get_incoming(pk)
                if source in reached and graph.nodes[source].kind == "shot"
            }
        )
        for pk in reached
        if graph.nodes[pk].kind == "sequence"
    }
    ranked = sorted(counts.items(), key=lambda one: (-one[1], graph.nodes[one[0]].code))
    return [{"id": graph.nodes[pk].code, "shots": count} for pk, count in ranked[:SHOWN_SEQUENCES]]
