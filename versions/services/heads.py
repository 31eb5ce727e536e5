"""Read heads, under their lock where somebody is going to move them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import Case, F, QuerySet, When

from assets.setwise import select_ids
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


def lock_heads(heads: QuerySet[Head], *, since: datetime | None = None) -> dict[int, HeadState]:
    """Lock the definition heads in ascending id until the transaction ends; return by entity id.

    since: as `read_states` has it.

    Two statements: what the heads point at is read after the locks are held. In one statement,
    PostgreSQL would join the row that it waited for with versions of the snapshot before it.
    """
    definitions = heads.filter(slot=DEFINITION).order_by("pk")
    locked = definitions.select_for_update(of=("self",), no_key=True)
    ids = list(locked.values_list("pk", flat=True))
    return read_heads(Head.objects.filter(pk__in=select_ids(ids)), since=since)


def read_heads(heads: QuerySet[Head], *, since: datetime | None = None) -> dict[int, HeadState]:
    """Return where the definition heads stand, by entity id; one statement, no lock."""
    definitions = heads.filter(slot=DEFINITION)
    return {state.entity_id: state for state in read_states(definitions, since=since)}


def read_states(heads: QuerySet[Head], *, since: datetime | None = None) -> Iterable[HeadState]:
    """Return where the heads stand; one statement, no lock.

    since: `latest_at` is this where the latest is older. Reading a time takes as long as all else
    of a head, and a batch only needs to know which are newer than itself.
    """
    latest_at: Any = F("latest__created_at")
    if since is not None:
        latest_at = Case(When(latest__created_at__gt=since, then=latest_at), default=None)
    oldest = since or datetime.min.replace(tzinfo=UTC)  # no latest is without its time
    rows: Iterable[tuple[Any, ...]] = heads.annotate(moved_at=latest_at).values_list(
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
        "moved_at",
        "approved_id",
        "approved__checksum",
    )
    for pk, entity_id, code, slot, best_id, best_sum, number, content_id, sha256, *rest in rows:
        latest_id, latest_sum, latest_number, moved_at, approved_id, approved_sum = rest
        yield HeadState(
            pk,
            entity_id,
            code,
            slot,
            VersionRef(entity_id, best_sum, best_id),
            number,
            VersionRef(entity_id, latest_sum, latest_id),
            latest_number,
            moved_at or oldest,
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
