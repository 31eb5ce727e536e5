"""Which version a reference follows, and whether it is outdated: one definition for all."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.db.models import Case, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from assets.models import AssetReference, Follow
from assets.setwise import select_ids
from versions.canonical import JsonObject
from versions.facets import ALL_FACETS, NO_FACETS, Facet
from versions.models import DEFINITION, Version
from versions.services.between import select_between, select_touching
from versions.services.heads import VersionRef

PUBLISHED = (Follow.BEST, Follow.LATEST)
"""Policies by which a reference follows what its source publishes."""

FOLLOWED_VERSION = Case(
    When(follow=Follow.FROZEN, then=F("consumption__version_id")),
    When(follow=Follow.LATEST, then=F("source__heads__latest_id")),
    When(
        follow=Follow.LATEST_APPROVED,
        then=Coalesce(
            "source__heads__approved_id", "consumption__version_id", "source__heads__best_id"
        ),
    ),
    default=F("source__heads__best_id"),
)
"""SQL: the id of the version that a reference follows now.

One that follows the latest approved stays where it is until something is approved.
"""

IS_MOVED = ~Q(consumption__version_id=F("followed_id")) | Q(consumption=None)
"""SQL: the target consumed another version than the reference follows (see with_followed)."""


def _number_of(column: str) -> Subquery:
    """Return SQL for the number of the version that a column of the reference names."""
    versions = Version.objects.filter(pk=OuterRef(OuterRef(column)))
    return Subquery(versions.order_by().values("number"))


def _select_between() -> QuerySet[Version]:
    """Return SQL for the versions between what was consumed and what is followed now."""
    ends = (_number_of("consumption__version_id"), _number_of("followed_id"))
    return select_between(entity=OuterRef("source_id"), ends=ends)


def _is_outdated() -> Q:
    """Return SQL: of what lies between, something changed a facet that is consumed."""
    touching = select_touching(_select_between(), OuterRef("facets"))
    return IS_MOVED & (Q(consumption=None) | Q(Exists(touching)))


def _unite_moved() -> Coalesce:
    """Return SQL for all facets that changed between what was consumed and what is followed."""
    bits = [Max(F("changed").bitand(int(facet))) for facet in Facet]
    united = _select_between().values("entity").annotate(united=sum(bits[1:], bits[0]))
    return Coalesce(Subquery(united.values("united")), 0)


class ReferenceState(NamedTuple):
    """One reference, the version that it follows now, and the one that its target consumed.

    facets: what it consumes of its source. moved: what changed in the source since it did. Both
    are sets of bits, and follow is one of Follow: plain values in a tuple, because a batch reads
    thousands of these.
    """

    id: int
    target_id: int
    source_id: int
    source_code: str
    role: str
    label: str
    position: int
    attributes: JsonObject
    follow: str
    consumed_id: int | None
    followed_id: int
    followed_checksum: str
    has_approved: bool
    facets: int
    moved: int

    @property
    def is_frozen(self) -> bool:
        """Whether it never moves, whatever its source does."""
        return self.follow == Follow.FROZEN and self.consumed_id is not None

    @property
    def moves_when_published(self) -> bool:
        """Whether it follows what its source publishes, without anybody's approval."""
        if self.follow == Follow.LATEST_APPROVED:
            return self.consumed_id is None and not self.has_approved
        return self.follow in PUBLISHED or self.consumed_id is None


def with_followed(references: QuerySet[AssetReference]) -> QuerySet[AssetReference]:
    """Return the references with `followed_id`, the id of the version that each follows."""
    return references.filter(source__heads__slot=DEFINITION).annotate(followed_id=FOLLOWED_VERSION)


def find_outdated(references: QuerySet[AssetReference]) -> QuerySet[AssetReference]:
    """Return those references whose target was made from what is so no more.

    It consumed another version than the reference follows, and between the two a facet changed
    that the reference consumes.
    """
    return with_followed(references).filter(_is_outdated())


def find_left_behind(references: QuerySet[AssetReference]) -> QuerySet[AssetReference]:
    """Return those frozen references whose target was made from what its source is no more."""
    frozen = references.filter(follow=Follow.FROZEN, source__heads__slot=DEFINITION)
    return frozen.annotate(followed_id=F("source__heads__best_id")).filter(_is_outdated())


def find_states(*, project_id: int, target_ids: Collection[int]) -> dict[int, str]:
    """Return which entities are `outdated`, or `pinned` to what is not the best, by id.

    All others are current. Two statements.
    """
    references = AssetReference.objects.filter(
        project_id=project_id, target_id__in=select_ids(target_ids)
    )

    def list_targets(some: QuerySet[AssetReference]) -> Iterable[int]:
        return some.values_list("target_id", flat=True).order_by()

    pinned = dict.fromkeys(list_targets(find_left_behind(references)), "pinned")
    return pinned | dict.fromkeys(list_targets(find_outdated(references)), "outdated")


def find_moved(
    references: QuerySet[AssetReference], *, also: Exists | None = None
) -> QuerySet[AssetReference]:
    """Return those references that follow another version than was consumed, whatever changed.

    also: further ones to return.
    """
    return with_followed(references).filter(IS_MOVED if also is None else IS_MOVED | also)


def read_states(references: QuerySet[AssetReference]) -> list[ReferenceState]:
    """Return the states of references that `with_followed` annotated; at most three statements.

    Versions are read once each, however many references name them; the third statement only when
    a source published more than once since it was consumed.
    """
    rows: list[tuple[Any, ...]] = list(
        references.annotate(followed=F("followed_id")).values_list(
            "pk",
            "target_id",
            "source_id",
            "role",
            "label",
            "position",
            "attributes",
            "follow",
            "facets",
            "consumption__version_id",
            "followed",
            "source__heads__best_id",
            "source__heads__approved_id",
        )
    )
    named = {pk for *_, consumed, followed, best, _ in rows for pk in (consumed, followed or best)}
    versions = _read_versions(named - {None})
    states: list[ReferenceState] = []
    far: list[int] = []
    for pk, target, source, role, label, position, attributes, follow, facets, *ids in rows:
        consumed_id, followed_id, best_id, approved_id = ids
        followed = versions[followed_id or best_id]
        moved = _find_moved_near(versions.get(consumed_id), followed)
        if moved is None:
            far.append(len(states))
        states.append(
            ReferenceState(
                pk,
                target,
                source,
                followed.code,
                role,
                label,
                position,
                attributes,
                follow,
                consumed_id,
                followed.id,
                followed.checksum,
                approved_id is not None,
                facets,
                moved or 0,
            )
        )
    if far:
        distant = references.filter(pk__in=select_ids(states[index].id for index in far))
        united = dict(distant.annotate(moved=_unite_moved()).values_list("pk", "moved"))
        for index in far:
            states[index] = states[index]._replace(moved=united[states[index].id])
    return states


class _Named(NamedTuple):
    """A version that references consumed or follow."""

    id: int
    checksum: str
    number: int
    changed: int
    code: str


def _read_versions(ids: Iterable[int]) -> dict[int, _Named]:
    rows: Iterable[Any] = Version.objects.filter(pk__in=select_ids(ids)).values_list(
        "pk", "checksum", "number", "changed", "entity__code"
    )
    return {row[0]: _Named._make(row) for row in rows}


def _find_moved_near(consumed: _Named | None, followed: _Named) -> int | None:
    """Return what changed between two versions of one entity that are neighbours; else None."""
    if consumed is None:
        return int(ALL_FACETS)
    if consumed.number == followed.number:
        return int(NO_FACETS)
    if abs(consumed.number - followed.number) == 1:
        return max(consumed, followed, key=_get_number).changed
    return None


def _get_number(version: _Named) -> int:
    return version.number


def read_kept(references: QuerySet[AssetReference]) -> dict[int, VersionRef]:
    """Return what those references have consumed that do not follow what is published, by id."""
    rows = (
        references.exclude(follow__in=PUBLISHED)
        .exclude(consumption=None)
        .values_list("pk", "source_id", "consumption__version_id", "consumption__version__checksum")
    )
    return {
        pk: VersionRef(entity_id=source_id, id=version_id, checksum=checksum)
        for pk, source_id, version_id, checksum in rows
    }
