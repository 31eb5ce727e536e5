"""The history of a slot, as a picker shows it: filtered, sorted, with how each version stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Case, Count, F, FloatField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from assets.models import AssetReference, Entity
from versions.canonical import JsonObject
from versions.media import MediaDocument, read_media
from versions.models import DEFINITION, Consumption, Head, Status, Version, VersionInput
from versions.services.made_from import MADE_FROM, MERGES, REVERTS, read_made_from
from versions.services.outdated_media import Step, find_shown_anew

RANKED = 1000
"""Versions that sorting by use tells apart: the most used ones. All others count as unused."""
_LOWEST, _HIGHEST = -1.7e308, 1.7e308


class Sort(StrEnum):
    """Orders of a history; versions of the same rank stand by number, newest first."""

    NEWEST = "-number"
    OLDEST = "number"
    HIGHEST_SCORE = "-score"
    LOWEST_SCORE = "score"
    MOST_USED = "-used_by"

    @property
    def is_descending(self) -> bool:
        """Whether high ranks come first."""
        return self.value.startswith("-")

    @property
    def is_by_number(self) -> bool:
        """Whether numbers alone order the versions."""
        return self in (Sort.NEWEST, Sort.OLDEST)


class Hidden(StrEnum):
    """What becomes of hidden versions in a list."""

    EXCLUDE = "exclude"
    INCLUDE = "include"
    ONLY = "only"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which versions of a slot to list; None: any. used_by: of an entity that uses it now."""

    slot: str = DEFINITION
    numbers: Sequence[int] = ()
    author: str | None = None
    origin: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    status: Status | None = None
    is_best: bool | None = None
    media_type: str | None = None
    tag: str | None = None
    min_score: float | None = None
    used_by: Entity | None = None
    hidden: Hidden = Hidden.EXCLUDE
    sort: Sort = Sort.NEWEST


@dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """A version and how it stands now.

    used_by: how many references consumed it. reverts: the number of the version whose content it
    brought back. reverted_by: that of the version that took its content back. made_from: the
    number of the definition that media show, or that one side of a merged definition started from.
    """

    version: Version
    status: Status
    is_hidden: bool
    metadata: JsonObject
    revision: int
    is_best: bool
    is_latest: bool
    is_approved: bool
    used_by: int
    reverts: int | None
    reverted_by: int | None
    media: MediaDocument | None
    made_from: int | None
    is_outdated: bool


def find_history(*, entity: Entity, wanted: Wanted) -> QuerySet[Version]:
    """Return the wanted versions of a slot in no order yet; with their `rank` unless by number."""
    versions = Version.objects.filter(entity=entity, slot=wanted.slot)
    conditions: dict[str, object | None] = {
        "author__username": wanted.author,
        "origin": wanted.origin,
        "created_at__gte": wanted.since,
        "created_at__lt": wanted.until,
        "media__type": wanted.media_type,
        "annotation__tags__name": wanted.tag,
        "annotation__score__gte": wanted.min_score,
    }
    versions = versions.filter(
        **{name: value for name, value in conditions.items() if value is not None}
    )
    if wanted.numbers:
        versions = versions.filter(number__in=wanted.numbers)
    if wanted.status is not None:
        versions = versions.filter(_has_status(wanted.status))
    if wanted.is_best is not None:
        is_best = Q(pk__in=Head.objects.filter(entity=entity, slot=wanted.slot).values("best_id"))
        versions = versions.filter(is_best if wanted.is_best else ~is_best)
    if wanted.used_by is not None:
        uses = AssetReference.objects.filter(source=entity, target=wanted.used_by)
        consumed = Consumption.objects.filter(reference__in=uses).values("version_id")
        versions = versions.filter(pk__in=consumed)
    if wanted.hidden != Hidden.INCLUDE:
        is_hidden = Q(annotation__is_hidden=True)
        versions = versions.filter(is_hidden if wanted.hidden == Hidden.ONLY else ~is_hidden)
    if wanted.sort.is_by_number:
        return versions
    return versions.annotate(rank=_make_rank(entity, wanted.sort))


def load_rows(*, entity: Entity, slot: str, versions: Sequence[Version]) -> list[HistoryRow]:
    """Return how the versions of one slot stand; six statements at most, however many.

    The versions come with their author, annotation and, in a slot of media, their content.
    """
    present = Head.objects.filter(entity=entity, slot__in={slot, DEFINITION})
    heads = {head.slot: head for head in present.select_related("best")}
    head, definition = heads.get(slot), heads.get(DEFINITION)
    ids = [version.pk for version in versions]
    used = dict(_count_uses(entity).filter(version_id__in=ids))
    role = MERGES if slot == DEFINITION else MADE_FROM
    made_from = read_made_from(role=role, version_ids=ids)
    reverts = _read_reverts(entity, slot)
    now = definition.best.number if definition else 0
    shown = made_from.values() if slot != DEFINITION else ()
    outdated = find_shown_anew(steps=[(entity.pk, number, now) for _, number in shown])
    return [
        _make_row(version, head, (now, outdated), used, made_from.get(version.pk), reverts)
        for version in versions
    ]


def _make_row(
    version: Version,
    head: Head | None,
    shown: tuple[int, set[Step]],
    used: dict[int, int],
    made_from: tuple[int, int] | None,
    reverts: Sequence[tuple[int, int]],
) -> HistoryRow:
    said = getattr(version, "annotation", None)
    return HistoryRow(
        version=version,
        status=Status(said.status) if said else Status.DRAFT,
        is_hidden=bool(said and said.is_hidden),
        metadata=said.metadata if said else {},
        revision=said.revision if said else 0,
        is_best=bool(head and head.best_id == version.pk),
        is_latest=bool(head and head.latest_id == version.pk),
        is_approved=bool(head and head.approved_id == version.pk),
        used_by=used.get(version.pk, 0),
        reverts=next((to for number, to in reverts if number == version.number), None),
        reverted_by=next((n for n, to in reverts if to < version.number < n), None),
        media=read_media(version.content.data) if version.slot != DEFINITION else None,
        made_from=made_from[1] if made_from else None,
        is_outdated=bool(made_from and (version.entity_id, made_from[1], shown[0]) in shown[1]),
    )


def _has_status(status: Status) -> Q:
    said = Q(annotation__status=status)
    return said | Q(annotation=None) if status == Status.DRAFT else said


def _make_rank(entity: Entity, sort: Sort) -> Coalesce | Case:
    if sort != Sort.MOST_USED:
        unscored = _LOWEST if sort.is_descending else _HIGHEST
        return Coalesce(F("annotation__score"), Value(unscored))
    used = sorted(_count_uses(entity), key=lambda one: (one[1], one[0]), reverse=True)
    ranks = [When(pk=pk, then=Value(float(count))) for pk, count in used[:RANKED]]
    return Case(*ranks, default=Value(0.0), output_field=FloatField())


def _count_uses(entity: Entity) -> QuerySet[Consumption, tuple[int, int]]:
    """Return (version id, count) of the references that consumed each version of the entity."""
    consumed = Consumption.objects.filter(reference__source=entity).order_by()
    return consumed.values_list("version_id").annotate(count=Count("pk"))


def _read_reverts(entity: Entity, slot: str) -> list[tuple[int, int]]:
    """Return (number, number whose content it brought back) of the reverted versions, ascending."""
    rows: Iterable[tuple[int, int]] = (
        VersionInput.objects.filter(
            version__entity=entity, version__slot=slot, role=REVERTS, source=entity
        )
        .exclude(source_version=None)
        .order_by("version__number")
        .values_list("version__number", "source_version__number")
    )
    return list(rows)
