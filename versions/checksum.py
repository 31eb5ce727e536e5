"""The checksum of a version: it covers content, inputs and, through its parent, all before it.

The versions of a project form a Merkle graph, as commits do in Git: altering, removing or
inserting one changes the checksum of every version made from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from versions.canonical import hash_text, write_canonical


@dataclass(frozen=True, kw_only=True)
class InputChange:
    """One input that differs from the parent version's.

    source_checksum: the checksum of the version consumed now; None when the reference is gone.
    """

    source_code: str
    role: str
    label: str
    position: int
    source_checksum: str | None


def compute_checksum(
    *,
    entity_code: str,
    slot: str,
    number: int,
    content_sha256: str,
    parent_checksum: str | None,
    inputs: Iterable[InputChange],
) -> str:
    """Return the version's checksum, 64 hex digits. The order of the inputs does not matter."""
    changes = sorted(
        [
            change.source_code,
            change.role,
            change.label,
            change.position,
            change.source_checksum or "",
        ]
        for change in inputs
    )
    return hash_text(
        write_canonical(
            [entity_code, slot, number, content_sha256, parent_checksum, list[object](changes)]  # type: ignore[list-item]
        )
    )
