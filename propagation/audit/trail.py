"""Write the audit trail."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from assets.setwise import insert_rows
from propagation.models import AuditEntry
from versions.canonical import JsonObject


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Who did it, and what it did: what was there before, and after.

    actor_id None: the operator of the machine, or the system itself. name: what it is about, where
    that is no entity.
    """

    actor_id: int | None = None
    reason: str = ""
    entity_id: int | None = None
    name: str = ""
    rule: str = ""
    before: JsonObject | None = None
    after: JsonObject | None = None


def id_of(actor: User | None) -> int | None:
    """Return who a trace names."""
    return actor.pk if actor else None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of the trail, before it is written."""

    action: str
    trace: Trace
    run_id: int | None = None


def write_trail(*, project_id: int, entries: Iterable[Entry], at: datetime) -> None:
    """Write the entries, in the transaction of what they tell; one statement."""
    write_trails({project_id: entries}, at=at)


def write_trails(by_project: Mapping[int, Iterable[Entry]], *, at: datetime) -> None:
    """Write entries of several projects, by project id; one statement."""
    insert_rows(
        model=AuditEntry,
        columns=[
            "project",
            "at",
            "actor",
            "action",
            "name",
            "entity",
            "run_id",
            "rule",
            "reason",
            "before",
            "after",
        ],
        rows=(
            (
                project_id,
                at,
                one.trace.actor_id,
                one.action,
                one.trace.name[:255],
                one.trace.entity_id,
                one.run_id,
                one.trace.rule,
                one.trace.reason,
                one.trace.before,
                one.trace.after,
            )
            for project_id, entries in by_project.items()
            for one in entries
        ),
    )
