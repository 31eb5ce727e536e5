"""Create a run with its plan, in the transaction of the change that causes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction

from assets.graph.cache import load_graph
from assets.setwise import insert_rows, load_rows
from propagation.exceptions import TooManyActiveRunsError
from propagation.execution.cause import Cause, Facts
from propagation.execution.judging import Bench, load_rules
from propagation.execution.messages import send_start
from propagation.execution.rates import read_sizes
from propagation.execution.stale import check_shown
from propagation.execution.taking_over import supersede_holds, take_over
from propagation.execution.telling import tell_start
from propagation.live.events import News, record_events
from propagation.models import (
    ItemState,
    PropagationBatch,
    PropagationItem,
    PropagationRun,
    RunKind,
    RunMode,
    RunSource,
    RunStatus,
)
from propagation.models.run import ACTIVE_STATUSES
from propagation.planning.impact import Impact
from propagation.planning.plan import Plan, PlanLimits, make_plan
from propagation.planning.reach import PUBLISHED
from propagation.rules.rule import Action, Rule
from versions.facets import ALL_FACETS
from versions.services.heads import HeadState

STATES = {
    Action.HOLD: ItemState.HELD,
    Action.IGNORE: ItemState.IGNORED,
    Action.PINNED: ItemState.PINNED,
}


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a change would do, and how much that is."""

    plan: Plan
    impact: Impact
    source_types: frozenset[str]


def preview(
    *,
    project_id: int,
    sources: Mapping[int, int],
    mode: RunMode,
    facts: Facts | None = None,
    forced: Sequence[int] = (),
    released: str = "",
    excluded: frozenset[int] = frozenset(),
    moved: frozenset[str] = PUBLISHED,
    rules: Sequence[Rule] | None = None,
) -> Preview:
    """Return what a change of these facets of the sources would do now; writes nothing.

    facts: what rules are told of the change. forced: targets that are rebuilt by themselves,
    because a person released them: who and why. moved: what references may follow for the sources
    to reach them. rules: those to try; None: those that the project has.
    """
    graph = load_graph(project_id=project_id)
    told = facts or Facts()
    bench = Bench(
        graph=graph,
        rules=load_rules(project_id=project_id) if rules is None else list(rules),
        changed={entity_id: int(facets) for entity_id, facets in sources.items()},
        fields=told.fields,
        source_types=told.source_types | {graph.nodes[entity_id].type for entity_id in sources},
        forced=dict.fromkeys(forced, int(ALL_FACETS)),
        released=released,
        mode=mode,
        excluded=excluded,
        moved=moved,
    )
    plan = make_plan(
        graph=graph,
        sources=bench.changed,
        mode=mode,
        limits=PlanLimits(
            lanes=settings.LANES,
            sizes=read_sizes(),
            batch_threshold=settings.BATCH_LANE_THRESHOLD,
        ),
        forced=bench.forced,
        moved=moved,
        reach=bench.decide(),
    )
    return Preview(plan=plan, impact=bench.impact, source_types=bench.source_types)


def start_run(
    *,
    project_id: int,
    sources: Mapping[int, int],
    cause: Cause,
    at: datetime,
    facets: Mapping[int, int] | None = None,
    facts: Facts | None = None,
    forced: Sequence[int] = (),
    before: Mapping[int, HeadState] | None = None,
    moved: frozenset[str] = PUBLISHED,
    news: Sequence[News] = (),
) -> PropagationRun:
    """Create the run for the sources' new versions (entity id → version id) and its whole plan.

    before: where the sources stood, by which the run can be undone. facets: what changed in each
    source; all of it where that is not said. facts: what rules are told. forced: targets that are
    rebuilt by themselves. moved: what references may follow for the sources to reach them, in the
    words of Follow. Part of the transaction that published the versions: the run's rows are its
    outbox. A constant number of statements. A run that updates nothing is finished at once. news:
    what the caller has to tell; recorded here, because the event counter is locked last.
    TooManyActiveRunsError for a person's.
    """
    known = facets or {}
    changed = {entity_id: known.get(entity_id, ALL_FACETS) for entity_id in sources}
    told = facts or Facts()
    found = preview(
        project_id=project_id,
        sources=changed,
        mode=cause.mode,
        facts=told,
        forced=forced,
        released=f"by {cause.actor}: {cause.note}",
        excluded=cause.excluded,
        moved=moved,
    )
    plan = found.plan
    stood = before or {}
    if cause.shown is not None:
        check_shown(cause.shown, plan, sources, stood)
    is_empty = plan.total == 0
    run = PropagationRun.objects.create(
        project_id=project_id,
        kind=cause.kind,
        mode=cause.mode,
        status=RunStatus.SUCCESS if is_empty else RunStatus.ACCEPTED,
        actor=cause.actor,
        note=cause.note,
        notify_users=cause.notify_users,
        undo_of_id=cause.undo_of,
        graph_revision=plan.graph_revision,
        total=plan.total,
        kept=len(plan.others),
        steps=plan.steps,
        batch_sizes=plan.batch_sizes,
        source_types=sorted(found.source_types),
        fields=sorted(told.fields),
        created_at=at,
        finished_at=at if is_empty else None,
    )
    insert_rows(
        model=RunSource,
        columns=["run", "entity", "version", "before"],
        rows=(
            (
                run.pk,
                entity_id,
                version_id,
                stood[entity_id].best.id if entity_id in stood else None,
            )
            for entity_id, version_id in sources.items()
        ),
    )
    taken: list[News] = []
    if cause.kind != RunKind.REPAIR:  # which only follows what others decided
        taken += supersede_holds(project_id=project_id, plan=plan)
    _insert_work(run, plan)
    if cause.kind != RunKind.REPAIR:
        taken += take_over(run=run, sources=sources, at=at)
    held = sum(one.verdict.action == Action.HOLD for one in plan.others)
    started = tell_start(run, sources=sources, facets=changed, held=held)
    caused = [one if one.run_id else replace(one, run_id=run.pk) for one in news]
    record_events(project_id=project_id, news=[*caused, *taken, *started], at=at)
    if not is_empty:
        if cause.actor is not None and cause.kind != RunKind.REPAIR:
            check_room(project_id=project_id)
        first_lane = plan.batches[0].lane
        transaction.on_commit(partial(send_start, run=run, lane=first_lane), robust=True)
    return run


def check_room(*, project_id: int) -> None:
    """Raise TooManyActiveRunsError when the project has too many runs under way, with a new one.

    The caller holds the lock on the project's event counter, which whoever starts a run takes: of
    two who start one at once, the second counts that of the first.
    """
    active = PropagationRun.objects.filter(project=project_id, status__in=ACTIVE_STATUSES)
    if active.count() > settings.MAX_ACTIVE_RUNS:
        raise TooManyActiveRunsError(settings.MAX_ACTIVE_RUNS)


def _insert_work(run: PropagationRun, plan: Plan) -> None:
    batch_ids = dict(
        insert_rows(
            model=PropagationBatch,
            columns=[
                "run",
                "number",
                "step",
                "lane",
                "size",
                "deliveries",
                "applied",
                "unchanged",
                "failed",
                "skipped",
            ],
            rows=(
                (run.pk, batch.number, batch.step, batch.lane, len(batch), 0, 0, 0, 0, 0)
                for batch in plan.batches
            ),
            returning=["number", "id"],
        )
    )
    load_rows(
        model=PropagationItem,
        columns=["run", "entity", "batch", "level", "state", "rule", "reason", "error"],
        rows=(
            (
                run.pk,
                target.entity_id,
                batch_ids[batch.number],
                target.level,
                ItemState.QUEUED,
                target.verdict.rule,
                target.verdict.reason,
                "",
            )
            for batch in plan.batches
            for target in batch.list_targets()
        ),
    )
    insert_rows(
        model=PropagationItem,
        columns=["run", "entity", "level", "state", "rule", "reason", "error"],
        rows=(
            (
                run.pk,
                one.arrival.entity_id,
                one.arrival.level,
                STATES[one.verdict.action],
                one.verdict.rule,
                one.verdict.reason,
                "",
            )
            for one in plan.others
        ),
    )
