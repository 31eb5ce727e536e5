"""Read heads, under their lock where somebody is going to move them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from versions.exceptions import VersionMovedError
from versions.models import DEFINITION, Head


class VersionRef(NamedTuple):
    """A version to consume, whether it exists or is being published in the same call.

    id is None until it is inserted; the checksum identifies it either way. A tuple, as are the
    states of heads: a batch reads thousands, and a frozen dataclass takes ten times as long.
    """

    entity_id: int
    checksum: str
    id: int | None = None


class HeadState(NamedTuple):
    """Where one slot of one entity stands.

    id: of the row. content: what the best version carries. latest_at: when the latest was
    published. approved: the newest approved version.
    """

    id: int
    entity_id: int
    entity_code: str
    slot: str
    best: VersionRef
    best_number: int
    latest: VersionRef
    latest_number: int
    latest_at: datetime
    approved: VersionRef | None
    content_id: int
    content_sha256: str


def lock_heads(heads: QuerySet[Head]) -> dict[int, HeadState]:
    """Lock the definition heads in ascending id until the transaction ends; return by entity id.

    Two statements: what the heads point at is read after the locks are held. In one statement,
    PostgreSQL would join the row that it waited for with versions of the snapshot before it.
    """
    definitions = heads.filter(slot=DEFINITION).order_by("pk")
    list(definitions.select_for_update(of=("self",), no_key=True).values_list("pk"))
    return read_heads(heads)


def read_heads(heads: QuerySet[Head]) -> dict[int, HeadState]:
    """Return where the definition heads stand, by entity id; one statement, no lock."""
    return {state.entity_id: state for state in read_states(heads.filter(slot=DEFINITION))}


def read_states(heads: QuerySet[Head]) -> Iterable[HeadState]:
    """Return where the heads stand; one statement, no lock."""
    rows: Iterable[tuple[Any, ...]] = heads.values_list(
        "pk",
        "entity_id",
        "entity__code",
        "slot",
        "best_id",
        "best__checksum",
        "best__number",
        "best__content_id",
        "best__content__sha256",
        "latest_id",
        "latest__checksum",
        "latest__number",
        "latest__created_at",
        "approved_id",
        "approved__checksum",
    )
    for pk, entity_id, code, slot, best_id, best_sum, number, content_id, sha256, *rest in rows:
        latest_id, latest_sum, latest_number, latest_at, approved_id, approved_sum = rest
        yield HeadState(
            pk,
            entity_id,
            code,
            slot,
            VersionRef(entity_id, best_sum, best_id),
            number,
            VersionRef(entity_id, latest_sum, latest_id),
            latest_number,
            latest_at,
            VersionRef(entity_id, approved_sum, approved_id) if approved_id else None,
            content_id,
            sha256,
        )


def check_base(*, head: HeadState, base_version: int | None) -> None:
    """Raise VersionMovedError unless the head is at the version that a change started from."""
    if base_version not in (None, head.best_number):
        raise VersionMovedError(
            entity_code=head.entity_code,
            slot=head.slot,
            given=base_version,
            current=head.best_number,
        )
