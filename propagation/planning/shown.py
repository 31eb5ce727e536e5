"""Compare a plan with one that was shown before; knows no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from propagation.planning.plan import Plan

Row: TypeAlias = list[Any]
"""Entity id, level, verdict, rule, reason, lane (None: not updated), facets, and via whom."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A plan that was shown: token, and as `StoredPlan` has them bases, contents and targets."""

    token: str
    bases: Mapping[int, int]
    contents: Mapping[int, str]
    targets: Sequence[Row]


@dataclass(frozen=True, kw_only=True)
class Delta:
    """What is otherwise than it was shown, by entity ids.

    bases: entities that have another best version now. contents: those that would carry something
    else. added and removed: targets. changed: targets about which is decided otherwise.
    """

    bases: Sequence[int]
    contents: Sequence[int]
    added: Sequence[int]
    removed: Sequence[int]
    changed: Sequence[int]

    @property
    def is_empty(self) -> bool:
        """Whether all is as it was shown."""
        return not (self.bases or self.contents or self.added or self.removed or self.changed)


def list_targets(plan: Plan) -> list[Row]:
    """Return the targets of a plan as rows to store, in the order of levels."""
    lanes = plan.lanes
    return [
        [
            one.arrival.entity_id,
            one.arrival.level,
            one.verdict.action.value,
            one.verdict.rule,
            one.verdict.reason,
            lanes.get(one.arrival.entity_id),
            one.arrival.facets,
            one.arrival.via,
        ]
        for one in plan.reach
    ]


def compare_plans(
    *, shown: Shown, plan: Plan, bases: Mapping[int, int], contents: Mapping[int, str]
) -> Delta:
    """Return what differs from what was shown.

    That is whom it reaches, what is decided, and through which lane it goes; reasons may be worded
    otherwise.
    """
    return compare_rows(shown=shown, rows=list_targets(plan), bases=bases, contents=contents)


def compare_rows(
    *,
    shown: Shown,
    rows: Sequence[Row],
    bases: Mapping[int, int],
    contents: Mapping[int, str],
) -> Delta:
    """Return what differs from what was shown, where the targets are rows already."""
    before = {row[0]: (row[2], row[3], row[5]) for row in shown.targets}
    now = {row[0]: (row[2], row[3], row[5]) for row in rows}
    return Delta(
        bases=_list_differing(shown.bases, bases),
        contents=_list_differing(shown.contents, contents),
        added=sorted(now.keys() - before.keys()),
        removed=sorted(before.keys() - now.keys()),
        changed=sorted(pk for pk in now.keys() & before.keys() if now[pk] != before[pk]),
    )


def _list_differing(one: Mapping[int, object], other: Mapping[int, object]) -> list[int]:
    return sorted(pk for pk in {*one, *other} if one.get(pk) != other.get(pk))
