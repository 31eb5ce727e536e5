"""Read heads, under their lock where somebody is going to move them."""

from dataclasses import dataclass

from django.db.models import QuerySet

from versions.models import DEFINITION, Head
from versions.services.publish import VersionRef


@dataclass(frozen=True, kw_only=True)
class HeadState:
    """Where the definition of one entity stands.

    best: what the next version is made from. latest_number: the highest number given so far.
    """

    entity_id: int
    entity_code: str
    best: VersionRef
    best_number: int
    latest_number: int
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
    return {
        entity_id: HeadState(
            entity_id=entity_id,
            entity_code=code,
            best=VersionRef(entity_id=entity_id, id=best_id, checksum=checksum),
            best_number=number,
            latest_number=latest_number,
            content_id=content_id,
            content_sha256=sha256,
        )
        for entity_id, code, best_id, number, content_id, sha256, checksum, latest_number in (
            heads.filter(slot=DEFINITION).values_list(
                "entity_id",
                "entity__code",
                "best_id",
                "best__number",
                "best__content_id",
                "best__content__sha256",
                "best__checksum",
                "latest__number",
            )
        )
    }
