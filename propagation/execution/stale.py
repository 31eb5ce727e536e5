"""Refuse what would not come to what was shown."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import NoReturn

from assets.models import Entity
from assets.setwise import select_ids
from propagation.exceptions import PlanStaleError
from propagation.planning.plan import Plan
from propagation.planning.shown import Delta, Row, Shown, compare_plans, compare_rows
from versions.models import Version
from versions.services.heads import HeadState

NAMES = tuple(one.name for one in fields(Delta))
TOLD = 1000
"""Entities of each kind that a stale plan names."""


def check_shown(
    shown: Shown, plan: Plan, sources: Mapping[int, int], stood: Mapping[int, HeadState]
) -> None:
    """Raise PlanStaleError unless all is as it was shown; two statements."""
    carried = Version.objects.filter(pk__in=select_ids(sources.values()))
    delta = compare_plans(
        shown=shown,
        plan=plan,
        bases={pk: stood[pk].best_number for pk in sources if pk in stood},
        contents=dict(carried.values_list("entity_id", "content__sha256")),
    )
    if not delta.is_empty:
        _raise_stale(delta)


def check_rows(shown: Shown | None, rows: Sequence[Row]) -> None:
    """Raise PlanStaleError unless these are the targets that were shown, decided as they were."""
    if shown is not None:
        delta = compare_rows(shown=shown, rows=rows, bases=shown.bases, contents=shown.contents)
        if not delta.is_empty:
            _raise_stale(delta)


def check_nothing_shown(shown: Shown | None) -> None:
    """Raise PlanStaleError when a plan was shown of what turns out to change nothing."""
    if shown is not None:
        _raise_stale(
            Delta(
                bases=sorted(shown.bases),
                contents=(),
                added=(),
                removed=sorted(row[0] for row in shown.targets),
                changed=(),
            )
        )


def _raise_stale(delta: Delta) -> NoReturn:
    """Raise PlanStaleError with the codes of what differs; one statement."""
    named = {name: getattr(delta, name)[:TOLD] for name in NAMES}
    ids = {pk for some in named.values() for pk in some}
    codes = dict(Entity.objects.filter(pk__in=select_ids(ids)).values_list("pk", "code"))
    raise PlanStaleError({name: [codes[pk] for pk in some] for name, some in named.items()})
