"""Create versions of media for any number of scopes and slots in one call."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from assets.exceptions import AssetsError
from assets.models import Entity, Role
from assets.services.access import check_role
from assets.setwise import select_texts
from propagation.audit.trail import Trace, id_of
from propagation.live.events import News, record_events
from propagation.services.scopes import ResolvedScope, resolve_scopes
from versions.canonical import JsonObject, write_canonical
from versions.exceptions import InvalidMediaError, VersionsError
from versions.media import MediaDocument
from versions.models import StoredFile
from versions.naming import write_version_id
from versions.scope import Scope
from versions.services.annotate import check_metadata
from versions.services.media import MediaDraft, PublishedMedia, find_fault, publish_media
from versions.services.slots import open_slots

EntryError = AssetsError | VersionsError
LONGEST_PROVENANCE = 100_000
"""Of a prompt and its parameters, per version: a call may create thousands of versions."""


@dataclass(frozen=True, kw_only=True)
class MediaItem:
    """One file of an entry. id: the entity that it is of, where the scope names several.

    file_key: of an uploaded file, instead of the document's URL.
    """

    document: MediaDocument
    id: str | None = None
    file_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class MediaEntry:
    """Versions to create in one slot: one per item, in order.

    made_from: the number of the definition that they show; None for the best one. is_best: the
    last one of each entity becomes the best of its slot.
    """

    scope: Scope
    slot: str
    items: Sequence[MediaItem]
    metadata: JsonObject = field(default_factory=dict)
    made_from: int | None = None
    is_best: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class MediaOutcome:
    """What became of each entry, by its index: versions in the order of its items, or an error.

    is_refused: nothing was written.
    """

    created: Mapping[int, Sequence[PublishedMedia]]
    errors: Mapping[int, EntryError]
    is_refused: bool = False


@transaction.atomic
def create_media(
    *,
    entries: Sequence[MediaEntry | EntryError],
    is_atomic: bool,
    actor: User,
    at: datetime,
) -> MediaOutcome:
    """Create all versions that can be created; none when is_atomic and an entry cannot be.

    All is checked before anything is written, under the locks of the slots: a bad entry spoils
    only itself, and of an entry all items are created or none. An entry that was wrong before it
    came here is passed as its error. A constant number of statements.
    """
    errors = {index: one for index, one in enumerate(entries) if isinstance(one, Exception)}
    good = {index: one for index, one in enumerate(entries) if isinstance(one, MediaEntry)}
    drafts: dict[int, list[MediaDraft]] = {}
    scopes = resolve_scopes(scopes=[one.scope for one in good.values()], user=actor)
    files = _find_files(good.values(), scopes)
    refusals = _find_refusals(scopes, actor)
    for (index, entry), scope in zip(good.items(), scopes, strict=True):
        try:
            drafts[index] = list(_make_drafts(entry, scope, refusals, files))
        except (AssetsError, VersionsError) as error:
            errors[index] = error
    slots = open_slots(
        slots={draft.key for some in drafts.values() for draft in some},
        definitions={
            (draft.entity.pk, draft.made_from)
            for some in drafts.values()
            for draft in some
            if draft.made_from is not None
        },
    )
    for index, some in list(drafts.items()):
        fault = next((one for one in (find_fault(draft, slots) for draft in some) if one), None)
        if fault is not None:
            errors[index] = fault
            del drafts[index]
    if not drafts or (is_atomic and errors):
        return MediaOutcome(created={}, errors=dict(sorted(errors.items())), is_refused=True)
    flat = [draft for some in drafts.values() for draft in some]
    published = iter(publish_media(drafts=flat, slots=slots, author=actor, at=at))
    created = {index: [next(published) for _ in some] for index, some in drafts.items()}
    _record(created, actor, at)
    return MediaOutcome(created=created, errors=dict(sorted(errors.items())))


def _find_files(
    entries: Iterable[MediaEntry], scopes: Sequence[ResolvedScope | VersionsError]
) -> dict[tuple[int, str], StoredFile]:
    """Return the uploaded files that the entries name, by project id and key; one statement."""
    keys = {item.file_key for entry in entries for item in entry.items if item.file_key is not None}
    projects = {one.project.pk for one in scopes if isinstance(one, ResolvedScope)}
    if not keys:
        return {}
    files = StoredFile.objects.filter(key__in=select_texts(keys), project_id__in=projects)
    return {(file.project_id, file.key): file for file in files}


def _find_refusals(
    scopes: Sequence[ResolvedScope | VersionsError], actor: User
) -> dict[int, AssetsError]:
    """Return by project why the actor may not write there."""
    refusals: dict[int, AssetsError] = {}
    for project_id in {one.project.pk for one in scopes if isinstance(one, ResolvedScope)}:
        try:
            check_role(actor=actor, project_id=project_id, needed=Role.ARTIST)
        except AssetsError as error:
            refusals[project_id] = error
    return refusals


def _make_drafts(
    entry: MediaEntry,
    scope: ResolvedScope | VersionsError,
    refusals: Mapping[int, AssetsError],
    files: Mapping[tuple[int, str], StoredFile],
) -> Iterator[MediaDraft]:
    if isinstance(scope, VersionsError):
        raise scope
    if scope.project.pk in refusals:
        raise refusals[scope.project.pk]
    check_metadata(entry.metadata)
    for index, item in enumerate(entry.items):
        if len(write_canonical(item.document.provenance)) > LONGEST_PROVENANCE:
            detail = f"Provenance may have {LONGEST_PROVENANCE} characters of JSON."
            raise InvalidMediaError(f"/media/{index}/provenance", detail)
        file = None
        if item.file_key is not None:
            file = files.get((scope.project.pk, item.file_key))
            if file is None:
                detail = f"No file {item.file_key!r} was uploaded to {scope.project.code}."
                raise InvalidMediaError(f"/media/{index}/file", detail)
        yield MediaDraft(
            entity=_choose_entity(item, index, scope),
            slot=entry.slot,
            document=_describe_file(item.document, file),
            file_id=file.pk if file else None,
            metadata=entry.metadata,
            made_from=entry.made_from,
            is_best=entry.is_best,
            note=entry.note,
        )


def _choose_entity(item: MediaItem, index: int, scope: ResolvedScope) -> Entity:
    if item.id is None:
        if len(scope.entities) > 1:
            detail = "The scope names several entities; say which one this is of."
            raise InvalidMediaError(f"/media/{index}/id", detail)
        return scope.entities[0]
    for entity in scope.entities:
        if item.id in (entity.code, f"{scope.project.code}:{entity.code}"):
            return entity
    raise InvalidMediaError(f"/media/{index}/id", f"{item.id!r} is not in the scope.")


def _describe_file(document: MediaDocument, file: StoredFile | None) -> MediaDocument:
    if file is None:
        return document
    described: JsonObject = {
        "key": file.key,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
    }
    return replace(document, file=described)


def _record(
    created: Mapping[int, Sequence[PublishedMedia]], author: User | None, at: datetime
) -> None:
    """Write the events, project by project in ascending id: the order of their counters."""
    news: defaultdict[int, list[News]] = defaultdict(list)
    for published in created.values():
        for one in published:
            payload: JsonObject = {
                "asset_id": one.draft.entity.code,
                "slot": one.draft.slot,
                "number": one.number,
            }
            told = news[one.draft.entity.project_id]
            trace = Trace(
                actor_id=id_of(author),
                reason=one.draft.note,
                entity_id=one.draft.entity.pk,
                name=write_version_id(one.draft.entity.code, one.number, one.draft.slot),
                after=payload,
            )
            told.append(News(type="version_created", payload=payload, trace=trace))
            if one.is_best:
                best = replace(trace, after={"best": one.number})
                told.append(News(type="best_changed", payload=payload, trace=best))
    for project_id, told in sorted(news.items()):
        record_events(project_id=project_id, news=told, at=at)
