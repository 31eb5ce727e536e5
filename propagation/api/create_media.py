"""POST versions of media: of one entity, and of many scopes and slots at once."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from assets.models import Entity, Kind
from propagation.api.codes import write_etag
from propagation.api.describing import describe_media
from propagation.api.problem import Problem
from propagation.api.problems import flatten_errors
from propagation.api.strict import (
    CodeField,
    JsonObjectField,
    NoQuery,
    SlotField,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.api.work import WorkView
from propagation.services.create_media import (
    EntryError,
    MediaEntry,
    MediaItem,
    create_media,
)
from versions.canonical import write_canonical
from versions.exceptions import BadScopeError, InvalidMediaError, InvalidMetadataError
from versions.media import MediaDocument, check_url
from versions.models import DEFINITION, MediaType
from versions.naming import write_version_id
from versions.scope import MAX_IDS, Scope, read_scope
from versions.services.media import PublishedMedia
from versions.services.resolve import MAX_NUMBER

MAX_ENTRIES, MAX_VERSIONS, MAX_SIZE = 500, 10_000, 20_000_000
Body: TypeAlias = Mapping[str, Any]


class UrlField(serializers.CharField):
    """An absolute URL."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 (DRF's signature)
        super().__init__(max_length=10_000, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:  # noqa: ANN401 (DRF's signature)
        """Return the URL; ValidationError for what is none."""
        url = super().to_internal_value(data)
        try:
            check_url(url)
        except ValueError as error:
            raise ValidationError(str(error), code="bad-url") from error
        return url


class ProvenanceBody(StrictSerializer):
    """How media were generated; all of it optional."""

    model = serializers.CharField(required=False, max_length=200)
    job_id = serializers.CharField(required=False, max_length=200)
    prompt = serializers.CharField(required=False, max_length=50_000, trim_whitespace=False)
    parameters = JsonObjectField(required=False)


class ItemBody(StrictSerializer):
    """One file, by its URL or as it was uploaded; id where the scope names several entities."""

    id = CodeField(default=None)
    url = UrlField(default="")
    file = serializers.CharField(default=None, max_length=255)
    thumbnail_url = UrlField(default="")
    provenance = ProvenanceBody(default=dict)

    def validate(self, attrs: Any) -> Any:  # noqa: ANN401 (DRF's signature)
        """Refuse an item that has both a URL and a file, or neither."""
        if bool(attrs["url"]) == bool(attrs["file"]):
            raise ValidationError({"url": ["Either a url or a file is needed."]}, code="bad-url")
        return attrs


class MediaBody(StrictSerializer):
    """Versions to create in one slot: urls for short, or media with what is known of each."""

    slot = SlotField()
    type = serializers.ChoiceField(MediaType.choices)
    urls = serializers.ListField(child=UrlField(), default=list, max_length=MAX_IDS)
    media = serializers.ListField(child=ItemBody(), default=list, max_length=MAX_IDS)
    thumbnail_url = UrlField(default="")
    provenance = ProvenanceBody(default=dict)
    metadata = JsonObjectField(default=dict)
    made_from = serializers.IntegerField(default=None, min_value=1, max_value=MAX_NUMBER)
    best = serializers.BooleanField(default=False)
    note = serializers.CharField(default="", allow_blank=True, max_length=2000)

    def validate_slot(self, slot: str) -> str:
        """Refuse the definition: it changes by a change that propagates."""
        if slot == DEFINITION:
            msg = "A definition changes through propagate; this is for media."
            raise ValidationError(msg)
        return slot

    def validate(self, attrs: Any) -> Any:  # noqa: ANN401 (DRF's signature)
        """Refuse an entry without any file, or with both ways of naming them."""
        if bool(attrs["urls"]) == bool(attrs["media"]):
            raise ValidationError({"urls": ["Either urls or media are needed."]})
        return attrs


class MediaBatchBody(StrictSerializer):
    """The entries, and whether all or none is created."""

    entries = serializers.ListField(allow_empty=False, max_length=MAX_ENTRIES)
    atomic = serializers.ChoiceField(["entity", "all"], default="entity")


class BatchVersionsView(WorkView):
    """Versions of media for many scopes and slots."""

    def work(self, request: Request) -> Response:
        """201 with the versions, and the errors of what could not be created; 422 when nothing."""
        read_query(NoQuery, request)
        body = read_body(MediaBatchBody, request)
        entries = [_read_entry(one) for one in body["entries"]]
        _check_amount([one for one in entries if isinstance(one, MediaEntry)])
        outcome = create_media(
            entries=entries,
            is_atomic=body["atomic"] == "all",
            actor=get_actor(request),
            at=timezone.now(),
        )
        errors = [_describe_error(index, error) for index, error in outcome.errors.items()]
        if outcome.is_refused:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "batch-invalid",
                "Nothing was written.",
                extra={"versions": [], "errors": errors},
            )
        versions = [
            {"index": index, **_describe(one)}
            for index, some in outcome.created.items()
            for one in some
        ]
        return Response({"versions": versions, "errors": errors}, status=HTTPStatus.CREATED)


def answer_created(request: Request, entity: Entity) -> Response:
    """Create the versions that the body says for one entity, and answer them."""
    is_project = entity.kind == Kind.PROJECT
    scope = Scope(
        type="project" if is_project else "assets",
        project=entity.project.code,
        ids=() if is_project else (entity.code,),
    )
    entry = _make_entry(read_body(MediaBody, request), scope)
    _check_amount([entry])
    outcome = create_media(
        entries=[entry], is_atomic=True, actor=get_actor(request), at=timezone.now()
    )
    for error in outcome.errors.values():
        raise error
    (created,) = outcome.created.values()
    response = Response(
        {"versions": [_describe(one) for one in created]}, status=HTTPStatus.CREATED
    )
    last = created[-1]
    response["ETag"] = write_etag(entity.code, last.number, last.draft.slot)
    return response


def _check_amount(entries: list[MediaEntry]) -> None:
    """Raise InvalidMediaError for more than a call may write: what is said once is stored often."""
    if sum(len(entry.items) for entry in entries) > MAX_VERSIONS:
        raise InvalidMediaError("/entries", f"One call creates at most {MAX_VERSIONS} versions.")
    size = sum(
        len(write_canonical(item.document.provenance)) + len(write_canonical(entry.metadata))
        for entry in entries
        for item in entry.items
    )
    if size > MAX_SIZE:
        detail = f"Provenance and metadata of all versions may have {MAX_SIZE} characters together."
        raise InvalidMediaError("/entries", detail)


def _read_entry(value: Any) -> MediaEntry | EntryError:  # noqa: ANN401 (any JSON value)
    if not isinstance(value, dict):
        return InvalidMediaError("", "An entry is an object.")
    rest = dict(value)
    try:
        scope = read_scope(rest.pop("scope", None))
    except BadScopeError as error:
        return error
    given = MediaBody(data=rest)
    if not given.is_valid():
        first = next(iter(flatten_errors("", given.errors)))
        return InvalidMediaError(first["pointer"], first["detail"])
    return _make_entry(given.validated_data, scope)


def _make_entry(body: Body, scope: Scope) -> MediaEntry:
    items = body["media"] or [
        {"id": None, "url": url, "file": None, "thumbnail_url": "", "provenance": {}}
        for url in body["urls"]
    ]
    return MediaEntry(
        scope=scope,
        slot=body["slot"],
        items=[_make_item(body, item) for item in items],
        metadata=body["metadata"],
        made_from=body["made_from"],
        is_best=body["best"],
        note=body["note"],
    )


def _make_item(body: Body, item: Body) -> MediaItem:
    document = MediaDocument(
        type=body["type"],
        url=item["url"],
        thumbnail_url=item["thumbnail_url"] or body["thumbnail_url"],
        provenance={**body["provenance"], **item["provenance"]},
    )
    return MediaItem(document=document, id=item["id"], file_key=item["file"])


def _describe(one: PublishedMedia) -> dict[str, Any]:
    draft = one.draft
    return {
        "asset_id": draft.entity.code,
        "project_id": draft.entity.project.code,
        "slot": draft.slot,
        "id": write_version_id(draft.entity.code, one.number, draft.slot),
        "number": one.number,
        "is_best": one.is_best,
        **describe_media(draft.document),
    }


def _describe_error(index: int, error: EntryError) -> dict[str, Any]:
    pointer = f"/entries/{index}"
    if isinstance(error, BadScopeError):
        pointer += f"/scope{error.pointer}"
    elif isinstance(error, InvalidMediaError):
        pointer += error.pointer
    elif isinstance(error, InvalidMetadataError):
        pointer += "/metadata"
    return {"index": index, "code": error.code, "detail": str(error), "pointer": pointer}
