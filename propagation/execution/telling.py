"""What the event log is told of a run: its sources, its items, how far it is, how it ended."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from propagation.audit.trail import Trace, id_of
from propagation.execution.cause import Cause
from propagation.execution.progress import read_progress
from propagation.live.events import News, record_events
from propagation.models import PropagationItem, PropagationRun, RunKind, RunStatus, ToldProgress
from propagation.models.run import ACTIVE_STATUSES
from versions.canonical import JsonObject
from versions.change import FieldChange
from versions.facets import name_facets
from versions.models import Version
from versions.naming import write_version_id
from versions.services.heads import HeadState
from versions.services.made_from import REVERTS, read_made_from
from versions.services.publish import SealedDraft

ITEMS_AT_ONCE = 100
"""Items that one event tells of: some 6 kB."""
PROGRESS_EVERY_S = 0.34
"""With the last one, a run says at most four times in a second how far it is."""
SOURCES_TOLD = 100
"""Sources of one run that have an `asset_update` each. A run may have 100 000, undos for one;
`version_created` tells of each of these, or `production_imported` of all."""

ItemNews: TypeAlias = tuple[str, str, int | None]
"""Code and state of an item, and the number of the version that it got."""


def tell_versions(
    sealed: Iterable[SealedDraft],
    *,
    heads: Mapping[int, HeadState],
    changes: Mapping[int, Sequence[FieldChange]],
    cause: Cause,
) -> list[News]:
    """Return the news of versions of definitions that people published.

    heads: where the entities stood, changes: what differs in their contents; both by entity id.
    """
    return [
        News(
            type="version_created",
            payload={"asset_id": one.draft.entity_code, "number": one.number},
            trace=_trace_version(one, heads, changes.get(one.draft.entity_id, ()), cause),
        )
        for one in sealed
    ]


def _trace_version(
    one: SealedDraft,
    heads: Mapping[int, HeadState],
    changes: Sequence[FieldChange],
    cause: Cause,
) -> Trace:
    draft = one.draft
    head = heads.get(draft.entity_id)
    return Trace(
        actor_id=id_of(cause.actor),
        reason=cause.note,
        entity_id=draft.entity_id,
        name=write_version_id(draft.entity_code, one.number),
        before={
            "version": head.best_number if head else None,
            "fields": {change.field: change.before for change in changes},
        },
        after={
            "version": one.number,
            "fields": {change.field: change.after for change in changes},
        },
    )


def tell_start(
    run: PropagationRun,
    *,
    sources: Mapping[int, int],
    facets: Mapping[int, int],
    held: int,
) -> list[News]:
    """Return the news of a run that was just created.

    sources: version ids, facets: what changed in them; both by entity id. One statement.
    """
    updates = []
    if run.kind != RunKind.IMPORT:
        told = sorted(sources.values())[:SOURCES_TOLD]
        rows = Version.objects.filter(pk__in=told).order_by("pk")
        updates = [
            News(
                type="asset_update",
                run_id=run.pk,
                payload={
                    "asset_id": code,
                    "change_type": [*name_facets(facets[entity_id])],
                    "affected_entities": run.total + run.kept,
                    "version": write_version_id(code, number),
                },
            )
            for entity_id, code, number in rows.values_list("entity_id", "entity__code", "number")
        ]
    holds = [News(type="hold_opened", run_id=run.pk, payload={"count": held})] if held else []
    return [*updates, *holds, *tell_state(run, actor_id=run.actor_id, reason=run.note)]


def tell_state(
    run: PropagationRun,
    *,
    actor_id: int | None = None,
    reason: str = "",
    more: Mapping[str, int] | None = None,
) -> list[News]:
    """Return the news of where a run stands; after its end, of the end.

    actor_id: who brought it there, where somebody did. Nothing is told of a run after its end but
    when it is retried.
    """
    payload: JsonObject = {"status": run.status, "kind": run.kind, "total": run.total}
    payload.update(more or {})
    trace = Trace(actor_id=actor_id, reason=reason, name=f"run {run.pk}", after=payload)
    state = News(type="run_state", run_id=run.pk, payload=payload, trace=trace)
    if run.status in ACTIVE_STATUSES:
        return [state]
    return [*_tell_rollback(run), tell_progress(run), state]


def tell_items(*, run_id: int, items: Sequence[ItemNews]) -> list[News]:
    """Return the news of what became of items of a run, a hundred at a time."""
    return [
        News(
            type="run_items",
            run_id=run_id,
            payload={
                "items": [
                    {
                        "id": code,
                        "state": state,
                        "version": write_version_id(code, number) if number else None,
                    }
                    for code, state, number in items[first : first + ITEMS_AT_ONCE]
                ]
            },
        )
        for first in range(0, len(items), ITEMS_AT_ONCE)
    ]


def read_item_news(items: QuerySet[PropagationItem]) -> list[News]:
    """Return the news of items as their rows are now, run by run; one statement."""
    rows = items.order_by("run_id", "pk").values_list("run_id", "entity__code", "state")
    return [
        news
        for run_id, some in groupby(rows, key=itemgetter(0))
        for news in tell_items(
            run_id=run_id, items=[(code, state, None) for _, code, state in some]
        )
    ]


def list_items(items: QuerySet[PropagationItem]) -> list[ItemNews]:
    """Return items of one run as their rows are now; one statement."""
    rows = items.order_by("pk").values_list("entity__code", "state")
    return [(code, state, None) for code, state in rows]


def record_items(
    *, run: PropagationRun, items: Sequence[ItemNews], at: datetime, is_due: bool
) -> None:
    """Write what became of items, and how far the run is by that; last in the transaction.

    is_due: whether the caller has claimed to say so.
    """
    if not items:
        return
    news = tell_items(run_id=run.pk, items=items)
    if is_due:
        news.append(tell_progress(run))
    record_events(project_id=run.project_id, news=news, at=at)


def claim_progress(run: PropagationRun) -> bool:
    """Claim to say how far the run is, unless somebody has just said so.

    Before the event counter is locked, which comes last. Whoever claims it holds the row until the
    end, so that the next one counts what this one did.
    What time it is now counts, not when the batch began, because the row had to be waited for.
    """
    now = timezone.now()
    table = connection.ops.quote_name(ToldProgress._meta.db_table)  # noqa: SLF001
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (run_id, told_at) VALUES (%s, %s) ON CONFLICT (run_id) "  # noqa: S608
            f"DO UPDATE SET told_at = excluded.told_at WHERE {table}.told_at <= %s "
            "RETURNING run_id",
            [run.pk, adapt(now), adapt(now - timedelta(seconds=PROGRESS_EVERY_S))],
        )
        return cursor.fetchone() is not None


def tell_progress(run: PropagationRun) -> News:
    """Return the news of how far the run is; three statements."""
    progress = read_progress(run).describe()
    payload: JsonObject = {
        "asset_id": _find_asset(run),
        **progress,
        "eta": progress["eta"] and f"{progress['eta']:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
    return News(type="propagation_progress", run_id=run.pk, payload=payload)


def _tell_rollback(run: PropagationRun) -> list[News]:
    """Return the news that a roll back is over, in the words of its answer."""
    if run.kind != RunKind.ROLLBACK or run.status == RunStatus.CANCELLED:
        return []
    source = run.sources.select_related("entity", "version").order_by("pk").first()
    if source is None:
        return []
    code = source.entity.code
    target = read_made_from(role=REVERTS, version_ids=[source.version_id]).get(source.version_id)
    payload: JsonObject = {
        "asset_id": code,
        "version": write_version_id(code, source.version.number),
        "new_current_version": write_version_id(code, target[1]) if target else None,
    }
    return [News(type="rollback_completed", run_id=run.pk, payload=payload)]


def _find_asset(run: PropagationRun) -> str | None:
    """Return the code of what changed, of several the first; None when only holds were released."""
    sources = run.sources.order_by("pk").values_list("entity__code", flat=True)
    return sources.first()
