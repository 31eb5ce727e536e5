"""Find who has a reason to be told of runs: set-wise, whatever the number of targets."""

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db.models import Count, Min, Q, QuerySet

from assets.models import Membership, Role
from assets.setwise import select_ids
from propagation.models import (
    ItemState,
    PropagationItem,
    PropagationRun,
    Reason,
    RunSource,
    Subscription,
    SubscriptionMode,
)
from propagation.notices.reasons import Reach, Silence
from propagation.notices.sequences import REACHED, find_watched_sequences


def find_reaches(*, project_id: int, run_ids: Collection[int]) -> list[Reach]:
    """Return who has which reason, for runs of one project; a constant number of statements."""
    runs = PropagationRun.objects.filter(pk__in=select_ids(run_ids))
    return [
        *_find_decisive(project_id, runs),
        *(
            Reach(run_id=run_id, user_id=user_id, reason=Reason.STARTED)
            for run_id, user_id in runs.exclude(actor=None).values_list("pk", "actor")
        ),
        *(
            Reach(run_id=run_id, user_id=user_id, reason=Reason.RUN)
            for run_id, user_id in _watch().filter(run__in=runs).values_list("run", "user")
        ),
        *_find_sources(runs),
        *_find_targets(runs),
        *find_watched_sequences(project_id=project_id, run_ids=run_ids),
        *_find_project(project_id, run_ids),
    ]


def find_silence(*, project_id: int, run_ids: Collection[int]) -> Silence:
    """Return who wants to hear nothing of the project, the runs, or all that the runs are from."""
    muted = Subscription.objects.filter(mode=SubscriptionMode.MUTE)
    sources = RunSource.objects.filter(run_id__in=select_ids(run_ids)).order_by()
    totals = dict(sources.values_list("run").annotate(Count("pk")))
    muted_sources = (
        sources.filter(entity__subscriptions__mode=SubscriptionMode.MUTE)
        .values_list("run", "entity__subscriptions__user")
        .annotate(Count("pk"))
    )
    return Silence(
        projects=frozenset(muted.filter(project=project_id).values_list("user", flat=True)),
        runs=frozenset(
            muted.filter(run_id__in=select_ids(run_ids)).values_list("run_id", "user_id")
        ),
        sources=frozenset(
            (run_id, user_id) for run_id, user_id, count in muted_sources if count == totals[run_id]
        ),
    )


def find_allowed(*, project_id: int, user_ids: Collection[int]) -> set[int]:
    """Return those of the users who are active and may see the project."""
    members = Membership.objects.filter(project=project_id).values("user_id")
    users = User.objects.filter(pk__in=select_ids(user_ids), is_active=True)
    allowed = users.filter(Q(is_superuser=True) | Q(pk__in=members))
    return set(allowed.values_list("pk", flat=True))


def _watch() -> QuerySet[Subscription]:
    rows: QuerySet[Subscription] = Subscription.objects.filter(mode=SubscriptionMode.WATCH)
    return rows.order_by()


def _find_decisive(project_id: int, runs: QuerySet[PropagationRun]) -> list[Reach]:
    """Return those who decide about what the runs held, and still hold."""
    held = runs.filter(items__state=ItemState.HELD).distinct().values_list("pk", flat=True)
    deciding = [role for role in Role if role.includes(Role.SUPERVISOR)]
    people = Membership.objects.filter(project=project_id, role__in=deciding)
    user_ids = list(people.values_list("user_id", flat=True))
    return [
        Reach(run_id=run_id, user_id=user_id, reason=Reason.APPROVAL)
        for run_id in held
        for user_id in user_ids
    ]


def _find_sources(runs: QuerySet[PropagationRun]) -> list[Reach]:
    found = (
        RunSource.objects.filter(run__in=runs, entity__subscriptions__mode=SubscriptionMode.WATCH)
        .order_by()
        .values_list("run", "entity__subscriptions__user")
        .annotate(Min("entity"), Count("pk"))
    )
    return [
        Reach(run_id=run, user_id=user, reason=Reason.SOURCE, entity_id=first, count=count)
        for run, user, first, count in found
    ]


def _find_targets(runs: QuerySet[PropagationRun]) -> list[Reach]:
    """Return the watchers of what the runs reached: one join, a row per run, watcher and state."""
    found = (
        PropagationItem.objects.filter(
            run__in=runs,
            state__in=REACHED,
            entity__subscriptions__mode=SubscriptionMode.WATCH,
        )
        .order_by()
        .values_list("run", "entity__subscriptions__user", "state")
        .annotate(Min("entity"), Count("pk"))
    )
    return [
        Reach(run_id=run, user_id=user, reason=Reason.TARGET, entity_id=first, count=count)
        for run, user, _, first, count in sorted(found, key=lambda row: REACHED.index(row[2]))
    ]


def _find_project(project_id: int, run_ids: Collection[int]) -> list[Reach]:
    user_ids = list(_watch().filter(project=project_id).values_list("user", flat=True))
    return [
        Reach(run_id=run_id, user_id=user_id, reason=Reason.PROJECT)
        for run_id in run_ids
        for user_id in user_ids
    ]
