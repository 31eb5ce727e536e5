"""Tell people of runs that are over."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Count, Min, Sum
from django.db.models.expressions import RawSQL

from assets.setwise import select_ids
from propagation.models import (
    ItemState,
    PropagationBatch,
    PropagationItem,
    PropagationRun,
    RunKind,
    RunSource,
    RunStatus,
)
from propagation.models.run import ACTIVE_STATUSES
from propagation.notices.audience import find_allowed, find_reaches, find_silence
from propagation.notices.reasons import EndedRun, choose_told
from propagation.notices.wording import NOTE_LENGTH
from propagation.notices.writing import About, Draft, write_notices
from versions.canonical import JsonObject

COUNTED = ("applied", "unchanged", "failed", "skipped")


def tell_runs(*, project_id: int, run_ids: Collection[int], at: datetime) -> None:
    """Tell of those of a project's runs that are over, all in a constant number of statements.

    One that was taken up again meanwhile is told of when it ends once more.
    """
    rows = PropagationRun.objects.filter(pk__in=select_ids(run_ids), project=project_id)
    ended = rows.exclude(status__in=ACTIVE_STATUSES).select_related("actor", "superseded_by")
    runs = {run.pk: run for run in ended.order_by("pk")}
    if not runs:
        return
    told = choose_told(
        runs={pk: _read(run) for pk, run in runs.items()},
        reaches=find_reaches(project_id=project_id, run_ids=runs),
        silence=find_silence(project_id=project_id, run_ids=runs),
    )
    allowed = find_allowed(project_id=project_id, user_ids={one.user_id for one in told})
    write_notices(
        project_id=project_id,
        drafts=[
            Draft(
                user_id=one.user_id,
                about=About(run_id=one.run_id),
                reason=one.reason,
                entity_id=one.entity_id,
                also=one.also,
            )
            for one in told
            if one.user_id in allowed
        ],
        facts={About(run_id=pk): facts for pk, facts in _find_facts(runs).items()},
        at=at,
    )


def _read(run: PropagationRun) -> EndedRun:
    newer = run.superseded_by
    return EndedRun(
        id=run.pk,
        kind=RunKind(run.kind),
        status=RunStatus(run.status),
        actor_id=run.actor_id,
        notify_users=run.notify_users,
        cancelled_by_id=newer.actor_id if newer else run.cancelled_by_id,
    )


def _find_facts(runs: Mapping[int, PropagationRun]) -> dict[int, JsonObject]:
    """Return what is said of each run, in the words of `wording`."""
    ids = select_ids(runs)
    batches = PropagationBatch.objects.filter(run_id__in=ids).order_by()
    counts = {
        run_id: dict(zip(COUNTED, numbers, strict=True))
        for run_id, *numbers in batches.values_list("run_id").annotate(*map(Sum, COUNTED))
    }
    held = PropagationItem.objects.filter(run_id__in=ids, state=ItemState.HELD).order_by()
    held_counts = dict(held.values_list("run_id").annotate(Count("pk")))
    sources = _find_sources(ids)
    nothing = dict.fromkeys(COUNTED, 0)
    return {
        pk: {
            "kind": run.kind,
            "status": run.status,
            **sources.get(pk, {"source": None, "version": None, "sources": 0}),
            "actor": run.actor.username if run.actor else None,
            "note": run.note[:NOTE_LENGTH],
            "total": run.total,
            **counts.get(pk, nothing),
            "held": held_counts.get(pk, 0),
        }
        for pk, run in runs.items()
    }


def _find_sources(run_ids: RawSQL) -> dict[int, JsonObject]:
    """Return the first entity that changed, with its version, and how many did, by run id."""
    rows = RunSource.objects.filter(run_id__in=run_ids).order_by()
    summed = rows.values_list("run_id").annotate(Min("pk"), Count("pk"))
    counts = {first: count for _, first, count in summed}
    firsts = RunSource.objects.filter(pk__in=select_ids(counts)).values_list(
        "pk", "run_id", "entity__code", "version__number"
    )
    return {
        run_id: {"source": code, "version": number, "sources": counts[pk]}
        for pk, run_id, code, number in firsts
    }
