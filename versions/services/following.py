"""Which version a reference follows, and whether it is outdated: one definition for all."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, Q, QuerySet, When

from assets.models import AssetReference, Follow
from versions.canonical import JsonObject
from versions.models import DEFINITION
from versions.services.publish import VersionRef

FOLLOWED_VERSION = Case(
    When(follow=Follow.FROZEN, then=F("consumption__version_id")),
    When(follow=Follow.LATEST, then=F("source__heads__latest_id")),
    default=F("source__heads__best_id"),
)
"""SQL: the id of the version that a reference follows now."""

IS_OUTDATED = ~Q(consumption__version_id=F("followed_id")) | Q(consumption=None)
"""SQL: the target consumed another version than the reference follows (see with_followed)."""


@dataclass(frozen=True, kw_only=True)
class ReferenceState:
    """One reference, the version that it follows now, and the one that its target consumed.

    is_frozen: it never moves, whatever its source does.
    """

    id: int
    target_id: int
    source_id: int
    source_code: str
    role: str
    label: str
    position: int
    attributes: JsonObject
    is_frozen: bool
    consumed_id: int | None
    followed_id: int
    followed_checksum: str


def with_followed(references: QuerySet[AssetReference]) -> QuerySet[AssetReference]:
    """Return the references with `followed_id`, the id of the version that each follows."""
    return references.filter(source__heads__slot=DEFINITION).annotate(followed_id=FOLLOWED_VERSION)


def find_outdated(references: QuerySet[AssetReference]) -> QuerySet[AssetReference]:
    """Return those references whose consumed version is not the one that they follow."""
    return with_followed(references).filter(IS_OUTDATED)


def read_states(references: QuerySet[AssetReference]) -> Iterable[ReferenceState]:
    """Return the states of references that `with_followed` annotated, in one statement."""
    rows: Iterable[tuple[Any, ...]] = references.values_list(
        "pk",
        "target_id",
        "source_id",
        "source__code",
        "role",
        "label",
        "position",
        "attributes",
        "follow",
        "consumption__version_id",
        "source__heads__best_id",
        "source__heads__best__checksum",
        "source__heads__latest_id",
        "source__heads__latest__checksum",
    )
    for pk, target, source, code, role, label, position, *rest in rows:
        attributes, follow, consumed, *heads = rest
        followed_id, followed_checksum = heads[2:] if follow == Follow.LATEST else heads[:2]
        yield ReferenceState(
            id=pk,
            target_id=target,
            source_id=source,
            source_code=code,
            role=role,
            label=label,
            position=position,
            attributes=attributes,
            is_frozen=follow == Follow.FROZEN and consumed is not None,
            consumed_id=consumed,
            followed_id=followed_id,
            followed_checksum=followed_checksum,
        )


def read_frozen(references: QuerySet[AssetReference]) -> dict[int, VersionRef]:
    """Return what the frozen ones among the references have consumed, by reference id."""
    rows = references.filter(follow=Follow.FROZEN).values_list(
        "pk", "source_id", "consumption__version_id", "consumption__version__checksum"
    )
    return {
        pk: VersionRef(entity_id=source_id, id=version_id, checksum=checksum)
        for pk, source_id, version_id, checksum in rows
    }
