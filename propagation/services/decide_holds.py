"""Let held targets go on, or leave them as they are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from assets.models import Project, Role
from assets.services.access import check_role
from assets.services.locking import lock_project
from assets.setwise import select_ids
from propagation.audit.trail import Entry, Trace, id_of, write_trail
from propagation.execution.cause import Cause, Facts
from propagation.execution.stale import check_nothing_shown, check_rows
from propagation.execution.start import Preview, preview, start_run
from propagation.execution.telling import read_item_news
from propagation.live.events import News, record_events
from propagation.models import ItemState, PropagationItem, PropagationRun, RunKind, RunMode
from propagation.planning.shown import Row, Shown


@dataclass(frozen=True, kw_only=True)
class HoldFilter:
    """Which of a project's held items are meant; None: whatever it is."""

    ids: Collection[int] | None = None
    rule: str | None = None
    run_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """How many were decided about, and the run of those that go on."""

    decided: int
    run: PropagationRun | None = None


def find_holds(*, project: Project, wanted: HoldFilter) -> QuerySet[PropagationItem]:
    """Return the held items of a project that are meant."""
    items = PropagationItem.objects.filter(run__project=project, state=ItemState.HELD)
    if wanted.ids is not None:
        items = items.filter(pk__in=select_ids(wanted.ids))
    if wanted.rule is not None:
        items = items.filter(rule=wanted.rule)
    if wanted.run_id is not None:
        items = items.filter(run_id=wanted.run_id)
    return items


def preview_approval(*, project: Project, wanted: HoldFilter, actor: User | None) -> Preview:
    """Return what approving these would rebuild now, and write nothing; RoleTooLowError."""
    check_role(actor=actor, project_id=project.pk, needed=Role.VIEWER)
    items = dict(find_holds(project=project, wanted=wanted).values_list("pk", "entity_id"))
    return preview(
        project_id=project.pk,
        sources={},
        mode=RunMode.AUTO,
        forced=sorted(set(items.values())),
        facts=_recall(items),
    )


def list_held(*, project: Project, wanted: HoldFilter) -> list[Row]:
    """Return what is held as rows of a plan that leaves it as it is; one statement."""
    items = find_holds(project=project, wanted=wanted).order_by("level", "entity_id", "pk")
    columns = items.values_list("entity_id", "level", "rule", "reason")
    return [[pk, level, "hold", rule, reason, None, 0, None] for pk, level, rule, reason in columns]


@transaction.atomic
def approve_holds(
    *,
    project: Project,
    wanted: HoldFilter,
    note: str,
    actor: User | None,
    at: datetime,
    shown: Shown | None = None,
) -> Decision:
    """Rebuild what is held from what it uses now, in one run, and bring along what is behind it.

    Rules judge what is behind it as ever. RoleTooLowError; PlanStaleError.
    """
    items = _claim(project, wanted, actor)
    if not items:
        check_nothing_shown(shown)
        return Decision(decided=0)
    rows = PropagationItem.objects.filter(pk__in=select_ids(items))
    rows.update(state=ItemState.RELEASED)
    _trace(project, rows, ItemState.RELEASED, note, actor, at)
    cause = Cause(kind=RunKind.RELEASE, actor=actor, note=note, shown=shown)
    run = start_run(
        project_id=project.pk,
        sources={},
        forced=sorted(set(items.values())),
        facts=_recall(items),
        cause=cause,
        at=at,
        news=_tell(ItemState.RELEASED, rows, len(items)),
    )
    return Decision(decided=len(items), run=run)


@transaction.atomic
def reject_holds(
    *,
    project: Project,
    wanted: HoldFilter,
    note: str,
    actor: User | None,
    at: datetime,
    shown: Shown | None = None,
) -> Decision:
    """Leave what is held as it is, until something changes again.

    RoleTooLowError; PlanStaleError when other targets than were shown are held.
    """
    items = _claim(project, wanted, actor)
    check_rows(shown, list_held(project=project, wanted=wanted))
    if items:
        rows = PropagationItem.objects.filter(pk__in=select_ids(items))
        rows.update(state=ItemState.REJECTED, error=note)
        _trace(project, rows, ItemState.REJECTED, note, actor, at)
        news = _tell(ItemState.REJECTED, rows, len(items))
        record_events(project_id=project.pk, news=news, at=at)
    return Decision(decided=len(items))


def _claim(project: Project, wanted: HoldFilter, actor: User | None) -> dict[int, int]:
    """Return the entities of the items that are meant, by item id; two who decide take turns."""
    check_role(actor=actor, project_id=project.pk, needed=Role.SUPERVISOR)
    lock_project(project_id=project.pk)
    return dict(find_holds(project=project, wanted=wanted).values_list("pk", "entity_id"))


def _recall(items: Mapping[int, int]) -> Facts:
    """Return what rules were told of the changes for which the items are held."""
    runs = PropagationRun.objects.filter(items__in=select_ids(items)).distinct()
    fields: set[str] = set()
    types: set[str] = set()
    for some_fields, some_types in runs.values_list("fields", "source_types"):
        fields.update(some_fields)
        types.update(some_types)
    return Facts(fields=frozenset(fields), source_types=frozenset(types))


def _trace(
    project: Project,
    items: QuerySet[PropagationItem],
    state: ItemState,
    note: str,
    actor: User | None,
    at: datetime,
) -> None:
    entries = [
        Entry(
            action="hold_closed",
            run_id=run_id,
            trace=Trace(
                actor_id=id_of(actor),
                reason=note,
                entity_id=entity_id,
                rule=rule,
                before={"state": ItemState.HELD.value},
                after={"state": state.value},
            ),
        )
        for run_id, entity_id, rule in items.values_list("run_id", "entity_id", "rule")
    ]
    write_trail(project_id=project.pk, entries=entries, at=at)


def _tell(state: ItemState, items: QuerySet[PropagationItem], count: int) -> list[News]:
    closed = News(type="hold_closed", payload={"state": state.value, "count": count})
    return [*read_item_news(items), closed]
