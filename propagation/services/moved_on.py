"""Dependents that people changed since an earlier version: a roll back leaves those changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from assets.setwise import select_ids
from versions.models import DEFINITION, Origin, Version


@dataclass(frozen=True, kw_only=True)
class MovedOn:
    """A dependent, and the newest change of it by somebody."""

    code: str
    number: int
    author: str | None
    at: datetime


def find_moved_on(*, target: Version, affected: Iterable[int]) -> list[MovedOn]:
    """Return those of the affected entities that people changed since the target was replaced.

    In the order of their ids; two statements.
    """
    replaced_at = (
        Version.objects.filter(entity=target.entity_id, slot=DEFINITION, number=target.number + 1)
        .values_list("created_at", flat=True)
        .first()
    )
    if replaced_at is None:
        return []
    rows = (
        Version.objects.filter(
            entity_id__in=select_ids(affected), slot=DEFINITION, created_at__gte=replaced_at
        )
        .exclude(origin=Origin.PROPAGATED)
        .order_by("entity_id", "number")
        .values_list("entity__code", "number", "author__username", "created_at")
    )
    newest = {
        code: MovedOn(code=code, number=number, author=author, at=at)
        for code, number, author, at in rows
    }
    return list(newest.values())
