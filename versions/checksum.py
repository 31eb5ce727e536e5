"""The checksum of a version: content, inputs, provenance and, through its parent, all before.

The versions of a project form a Merkle graph, as commits do in Git: altering, removing or
inserting one changes the checksum of every version made from it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from versions.canonical import JsonObject, hash_text, write_canonical


class InputChange(NamedTuple):
    """One input that differs from the parent version's.

    source_checksum: the checksum of the version consumed now; None when the reference is gone.
    """

    source_code: str
    role: str
    label: str
    position: int
    attributes: JsonObject
    source_checksum: str | None


class Provenance(NamedTuple):
    """Where a version comes from, and what is new in it.

    created_at: aware; author_id, run_id: None for nobody, none; changed: facets, as a number.
    """

    origin: str
    author_id: int | None
    run_id: int | None
    note: str
    changed: int
    created_at: datetime


def compute_checksum(
    *,
    entity_code: str,
    slot: str,
    number: int,
    content_sha256: str,
    parent_checksum: str | None,
    provenance: Provenance,
    inputs: Iterable[InputChange],
) -> str:
    """Return the version's checksum, 64 hex digits. The order of the inputs does not matter."""
    changes = sorted(
        [
            change.source_code,
            change.role,
            change.label,
            change.position,
            write_canonical(change.attributes) if change.attributes else "{}",
            change.source_checksum or "",
        ]
        for change in inputs
    )
    covered: list[Any] = [
        entity_code,
        slot,
        number,
        content_sha256,
        parent_checksum,
        provenance.origin,
        provenance.author_id,
        provenance.run_id,
        provenance.note,
        provenance.changed,
        _write_time(provenance.created_at),
        changes,
    ]
    return hash_text(write_canonical(covered))


@lru_cache(maxsize=16)
def _write_time(at: datetime) -> str:
    """Return a time as checksums cover it; the versions of a batch have one."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
