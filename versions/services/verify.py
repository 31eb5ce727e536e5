"""Verify history: recompute every checksum, and name what was altered or is missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, OuterRef, Subquery

from assets.models import Project
from versions.canonical import hash_text
from versions.checksum import InputChange, Provenance, compute_checksum
from versions.models import Content, Head, Version, VersionInput

READ_AHEAD = 5_000
"""Rows per round trip; memory stays flat whatever the length of the history."""


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """One version whose row is not what was published, or that is gone."""

    entity_code: str
    slot: str
    number: int
    detail: str

    def __str__(self) -> str:
        return f"{self.entity_code}_v{self.number} ({self.slot}): {self.detail}"


@dataclass
class Verification:
    """What a verification went through so far."""

    versions: int = 0


def verify_history(*, project: Project, done: Verification) -> Iterator[Flaw]:
    """Yield the flaws of a project's versions, in the order of entity, slot and number.

    A version is sound when its content hashes to what is written beside it, when its checksum is
    that of its content, inputs, provenance and of the version before it, and when numbers run from
    1 to the head's latest without a gap; of the version behind a gap the gap alone is named. Two
    streams of rows side by side, O(versions + inputs). What is published meanwhile is left out:
    call it within `read_snapshot`.
    """
    newest = Version.objects.aggregate(pk=Max("pk"))["pk"] or 0
    altered = _find_altered_contents(project)
    latest = _read_latest(project, newest)
    inputs = _Inputs(project, newest)
    versions = _read_versions(project, newest)
    for (entity_id, slot), rows in groupby(versions, key=itemgetter(0, 1)):
        number, code, parent_checksum = 0, "", None
        for row in rows:
            done.versions += 1
            code, previous, number = row[2], number, row[3]
            for missing in range(previous + 1, number):
                yield Flaw(entity_code=code, slot=slot, number=missing, detail="is missing")
            given = inputs.take(row[4])
            if number == previous + 1:
                detail = _judge(row, given, parent_checksum, altered)
                if detail:
                    yield Flaw(entity_code=code, slot=slot, number=number, detail=detail)
            parent_checksum = row[-1]
        last = latest.get((entity_id, slot), number)
        if last is None:
            last = number
            detail = "is the last one, but the head points at another, which is gone"
            yield Flaw(entity_code=code, slot=slot, number=number, detail=detail)
        elif last < number:
            detail = f"is the last one, but the head says that v{last} is"
            yield Flaw(entity_code=code, slot=slot, number=number, detail=detail)
        for missing in range(number + 1, last + 1):
            yield Flaw(entity_code=code, slot=slot, number=missing, detail="is missing")


@contextmanager
def read_snapshot() -> Iterator[None]:
    """Let all that is read within see the database as it is now.

    PostgreSQL gives ids before it commits, so that a row with a smaller one may appear later. On
    SQLite one writer commits after the other, and what has a larger id is left out.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _read_versions(project: Project, newest: int) -> Iterator[tuple[Any, ...]]:
    rows = Version.objects.filter(entity__project=project, pk__lte=newest)
    return (
        rows.order_by("entity_id", "slot", "number")
        .values_list(
            "entity_id",
            "slot",
            "entity__code",
            "number",
            "pk",
            "content_id",
            "content__sha256",
            "origin",
            "author_id",
            "run_id",
            "note",
            "changed",
            "created_at",
            "checksum",
        )
        .iterator(chunk_size=READ_AHEAD)
    )


def _judge(
    row: tuple[Any, ...], inputs: list[InputChange], parent_checksum: str | None, altered: set[int]
) -> str | None:
    """Return what is wrong with a version, or None."""
    _, slot, code, number, _, content_id, sha256, origin, author, run, note, *rest = row
    changed, at, checksum = rest
    if content_id in altered:
        return "its content is not what was published"
    computed = compute_checksum(
        entity_code=code,
        slot=slot,
        number=number,
        content_sha256=sha256,
        parent_checksum=parent_checksum,
        provenance=Provenance(
            origin=origin, author_id=author, run_id=run, note=note, changed=changed, created_at=at
        ),
        inputs=inputs,
    )
    return None if computed == checksum else "its checksum is not that of its row and inputs"


def _find_altered_contents(project: Project) -> set[int]:
    """Return the ids of contents whose text does not hash to what is written beside it."""
    used = Version.objects.filter(entity__project=project).values("content_id")
    rows = Content.objects.filter(pk__in=used).values_list("pk", "sha256", "body")
    return {
        pk for pk, sha256, body in rows.iterator(chunk_size=READ_AHEAD) if hash_text(body) != sha256
    }


def _read_latest(project: Project, newest: int) -> dict[tuple[int, str], int | None]:
    """Return the number of the latest version by slot; None: the head points at nothing."""
    rows = Head.objects.filter(entity__project=project, latest_id__lte=newest)
    latest = Version.objects.filter(pk=OuterRef("latest_id")).values("number")
    return {
        (entity_id, slot): number
        for entity_id, slot, number in rows.annotate(number=Subquery(latest)).values_list(
            "entity_id", "slot", "number"
        )
    }


class _Inputs:
    """The inputs of all versions, in the same order as the versions, taken one by one."""

    def __init__(self, project: Project, newest: int) -> None:
        rows = VersionInput.objects.filter(
            version__entity__project=project, version_id__lte=newest
        ).order_by("version__entity_id", "version__slot", "version__number")
        stream = rows.values_list(
            "version_id",
            "source__code",
            "role",
            "label",
            "position",
            "attributes",
            "source_version__checksum",
        ).iterator(chunk_size=READ_AHEAD)
        self._groups = groupby(stream, key=itemgetter(0))
        self._next = next(self._groups, None)

    def take(self, version_id: int) -> list[InputChange]:
        """Return the inputs of the version, which must come in the order of the stream."""
        if self._next is None or self._next[0] != version_id:
            return []
        found = [
            InputChange(
                source_code=code,
                role=role,
                label=label,
                position=position,
                attributes=attributes,
                source_checksum=checksum,
            )
            for _, code, role, label, position, attributes, checksum in self._next[1]
        ]
        self._next = next(self._groups, None)
        return found
