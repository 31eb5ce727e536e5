"""Start a run: plan it, write its rows, and send the first hint once they are committed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from assets.graph.cache import load_graph
from assets.setwise import insert_rows
from propagation.execution.messages import send_start
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
from propagation.planning.plan import Plan, PlanLimits, make_plan


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why a run starts, and how it shall go."""

    kind: RunKind
    actor: User | None
    note: str = ""
    mode: RunMode = RunMode.AUTO
    notify_users: bool = True


def preview(*, project_id: int, source_ids: list[int], mode: RunMode) -> Plan:
    """Return the plan that a change of the sources would have now; writes nothing."""
    return make_plan(
        graph=load_graph(project_id=project_id),
        sources=source_ids,
        mode=mode,
        limits=PlanLimits(
            lanes=settings.LANES,
            batch_sizes=settings.BATCH_SIZES,
            batch_threshold=settings.BATCH_LANE_THRESHOLD,
        ),
    )


def start_run(
    *,
    project_id: int,
    sources: Mapping[int, int],
    cause: Cause,
    at: datetime,
    news: Sequence[News] = (),
) -> PropagationRun:
    """Create the run for the sources' new versions (entity id → version id) and its whole plan.

    Part of the transaction that published the versions: the run's rows are its outbox. A constant
    number of statements. A run that affects nothing is finished at once. news: what the caller
    has to tell; recorded here, because the event counter is locked last.
    """
    plan = preview(project_id=project_id, source_ids=list(sources), mode=cause.mode)
    is_empty = plan.total == 0
    run = PropagationRun.objects.create(
        project_id=project_id,
        kind=cause.kind,
        mode=cause.mode,
        status=RunStatus.SUCCESS if is_empty else RunStatus.ACCEPTED,
        actor=cause.actor,
        note=cause.note,
        notify_users=cause.notify_users,
        graph_revision=plan.graph_revision,
        total=plan.total,
        steps=plan.steps,
        created_at=at,
        finished_at=at if is_empty else None,
    )
    insert_rows(
        model=RunSource,
        columns=["run", "entity", "version"],
        rows=((run.pk, entity_id, version_id) for entity_id, version_id in sources.items()),
    )
    _insert_work(run, plan)
    record_events(
        project_id=project_id,
        news=[
            *news,
            News(
                type="run_state",
                run_id=run.pk,
                payload={"status": run.status, "kind": run.kind, "total": plan.total},
            ),
        ],
        at=at,
    )
    if not is_empty:
        first_lane = plan.batches[0].lane
        transaction.on_commit(partial(send_start, run_id=run.pk, lane=first_lane), robust=True)
    return run


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
            ],
            rows=(
                (run.pk, batch.number, batch.step, batch.lane, len(batch.targets), 0, 0, 0, 0)
                for batch in plan.batches
            ),
            returning=["number", "id"],
        )
    )
    insert_rows(
        model=PropagationItem,
        columns=["run", "entity", "batch", "level", "state", "error"],
        rows=(
            (run.pk, target.entity_id, batch_ids[batch.number], target.level, ItemState.QUEUED, "")
            for batch in plan.batches
            for target in batch.targets
        ),
    )
