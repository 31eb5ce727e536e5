"""Decide who is told of a run, and why; plain values, no database."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from propagation.models import Reason, RunKind, RunStatus

RANKS = {reason: rank for rank, reason in enumerate(Reason)}
"""The strongest reason first."""
OF_THINGS = frozenset({Reason.SOURCE, Reason.TARGET, Reason.SEQUENCE})
OF_WATCHED_RUNS = frozenset({Reason.RUN})
OF_IMPORTS = frozenset({Reason.APPROVAL, Reason.STARTED, Reason.RUN, Reason.PROJECT})
OF_RUNS = frozenset(Reason) - {Reason.CONFLICT}


@dataclass(frozen=True, kw_only=True)
class EndedRun:
    """A run that is over. cancelled_by: whoever ended it, a person or the run that took over."""

    id: int
    kind: RunKind
    status: RunStatus
    actor_id: int | None
    notify_users: bool
    cancelled_by_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Somebody has a reason to be told of a run. entity_id: the first of `count` things."""

    run_id: int
    user_id: int
    reason: Reason
    entity_id: int | None = None
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class Silence:
    """What people want to hear nothing of.

    projects: users who muted the project. runs, sources: (run id, user id) of those who muted the
    run, or everything that it started from.
    """

    projects: Collection[int] = ()
    runs: Collection[tuple[int, int]] = field(default_factory=frozenset)
    sources: Collection[tuple[int, int]] = field(default_factory=frozenset)


@dataclass(frozen=True, kw_only=True)
class Told:
    """Somebody is told of a run: why, what of theirs it reached, and how many more things."""

    run_id: int
    user_id: int
    reason: Reason
    entity_id: int | None
    also: int


def list_reasons(run: EndedRun) -> frozenset[Reason]:
    """Return the reasons that count for the run.

    Repairs are housekeeping, and `notify_users` false is obeyed: only those hear of them who watch
    the run itself. An import moves everything that anybody watches, so it is told to those who
    watch the project.
    """
    if not run.notify_users or run.kind == RunKind.REPAIR:
        return OF_WATCHED_RUNS
    return OF_IMPORTS if run.kind == RunKind.IMPORT else OF_RUNS


def knows_already(run: EndedRun, user_id: int) -> bool:
    """Tell whether how the run ended is no news to somebody.

    Whoever started it expects that it goes well; whoever cancelled it did so.
    """
    if run.status == RunStatus.CANCELLED:
        return user_id == run.cancelled_by_id
    return run.status == RunStatus.SUCCESS and user_id == run.actor_id


def choose_told(
    *, runs: Mapping[int, EndedRun], reaches: Iterable[Reach], silence: Silence
) -> list[Told]:
    """Return who is told of which run, once each, by the strongest of their reasons.

    Of several things that were reached, the first of the strongest reason is named. To whom it is
    no news, they are told only if they watch that very run.
    """
    by_person: defaultdict[tuple[int, int], list[Reach]] = defaultdict(list)
    for reach in reaches:
        if _counts(reach, runs[reach.run_id], silence):
            by_person[reach.run_id, reach.user_id].append(reach)
    return [_combine(found) for _, found in sorted(by_person.items())]


def _counts(reach: Reach, run: EndedRun, silence: Silence) -> bool:
    person = (reach.run_id, reach.user_id)
    if reach.user_id in silence.projects or person in silence.runs:
        return False
    if reach.reason == Reason.PROJECT and person in silence.sources:
        return False
    is_news = reach.reason == Reason.RUN or not knows_already(run, reach.user_id)
    return is_news and reach.reason in list_reasons(run)


def _combine(reaches: Sequence[Reach]) -> Told:
    ordered = sorted(reaches, key=lambda one: RANKS[one.reason])
    first = ordered[0]
    things = [one for one in ordered if one.reason in OF_THINGS]
    return Told(
        run_id=first.run_id,
        user_id=first.user_id,
        reason=first.reason,
        entity_id=things[0].entity_id if things else None,
        also=max(0, sum(one.count for one in things) - 1),
    )
