"""The history of an entity: list, look at, compare, choose the best, approve, describe."""

from functools import partial

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.services.lookup import find_entity
from propagation.api.answers import answer_change
from propagation.api.codes import read_if_match, read_revision, write_etag
from propagation.api.conditional import GuardedView
from propagation.api.conflicts import answer_conflicts
from propagation.api.create_media import answer_created
from propagation.api.describing import (
    describe_comparison,
    describe_history,
    describe_media,
    describe_use,
)
from propagation.api.paging import ListView, PageQuery, take_page, take_ranked_page
from propagation.api.plans import read_plan
from propagation.api.previews import answer_preview
from propagation.api.shapes import entities as shapes
from propagation.api.strict import (
    CodeField,
    DryRunQuery,
    JsonObjectField,
    NoQuery,
    SlotField,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.api.work import Started, WorkView, finish
from propagation.execution.cause import Cause
from propagation.models import RunKind
from propagation.services.annotate_version import annotate_version
from propagation.services.set_best import preview_best, set_best
from versions.media import read_media
from versions.models import DEFINITION, Content, Head, MediaType, Origin, Status, Version
from versions.naming import write_version_id
from versions.services.annotate import Remark
from versions.services.history import Hidden, Sort, Wanted, find_history, load_rows
from versions.services.registry import get_all_best
from versions.services.resolve import MAX_NUMBER, load_uses, load_version
from versions.services.slots import check_slot


class SlotQuery(StrictSerializer):
    """Which slot a version lies in."""

    slot = SlotField(default=DEFINITION)


class VersionQuery(SlotQuery):
    """resolve: with the content of what the version uses."""

    resolve = serializers.BooleanField(default=False)


class HistoryQuery(PageQuery):
    """What the picker filters and sorts by."""

    slot = SlotField(default=DEFINITION)
    number = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_NUMBER), default=list
    )
    author = serializers.CharField(default=None)
    origin = serializers.ChoiceField(Origin.choices, default=None)
    since = serializers.DateTimeField(default=None)
    until = serializers.DateTimeField(default=None)
    status = serializers.ChoiceField(Status.choices, default=None)
    is_best = serializers.BooleanField(default=None, allow_null=True)
    type = serializers.ChoiceField(MediaType.choices, default=None)
    tag = serializers.CharField(default=None, trim_whitespace=False)
    min_score = serializers.FloatField(default=None)
    used_by = CodeField(default=None)
    hidden = serializers.ChoiceField([one.value for one in Hidden], default=Hidden.EXCLUDE)
    sort = serializers.ChoiceField([one.value for one in Sort], default=Sort.NEWEST)


class BestBody(StrictSerializer):
    """Which version shall be the best of a slot, and why."""

    version = serializers.IntegerField(min_value=1, max_value=MAX_NUMBER)
    slot = SlotField(default=DEFINITION)
    note = serializers.CharField(default="", allow_blank=True, max_length=2000)
    plan_token = serializers.CharField(default=None, max_length=64)


class RemarkBody(StrictSerializer):
    """What to say about a version; what is left out stays as it is."""

    status = serializers.ChoiceField(Status.choices, default=None)
    is_hidden = serializers.BooleanField(default=None, allow_null=True)
    metadata = JsonObjectField(default=None)
    note = serializers.CharField(default="", allow_blank=True, max_length=2000)


class SlotsView(APIView):
    """The slots of an entity."""

    def get(self, request: Request, asset_id: str) -> Response:
        """Answer where each slot stands: its best version, the numbers of latest and approved."""
        read_query(NoQuery, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        heads = Head.objects.filter(entity=entity).select_related("best", "latest", "approved")
        best = get_all_best(entity_ids=[entity.pk]).get(entity.pk, {})
        return Response(
            {
                "id": entity.code,
                "slots": {
                    head.slot: {
                        "best": write_version_id(entity.code, head.best.number, head.slot),
                        "latest": write_version_id(entity.code, head.latest.number, head.slot),
                        "latest_approved": write_version_id(
                            entity.code, head.approved.number, head.slot
                        )
                        if head.approved
                        else None,
                        "is_outdated": best[head.slot].is_outdated,
                        "url": best[head.slot].url,
                    }
                    for head in heads.order_by("slot")
                    if head.slot in best
                },
            }
        )


class VersionsView(ListView, WorkView):
    """The versions of a slot."""

    row = shapes.VersionNow

    def get(self, request: Request, asset_id: str) -> Response:
        """Answer a page of versions as a history picker shows them."""
        wanted = read_query(HistoryQuery, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        check_slot(entity=entity, slot=wanted["slot"])
        used_by = wanted["used_by"]
        filters = Wanted(
            slot=wanted["slot"],
            numbers=wanted["number"],
            author=wanted["author"],
            origin=wanted["origin"],
            since=wanted["since"],
            until=wanted["until"],
            status=Status(wanted["status"]) if wanted["status"] else None,
            is_best=wanted["is_best"],
            media_type=wanted["type"],
            tag=wanted["tag"],
            min_score=wanted["min_score"],
            used_by=find_entity(identifier=used_by, user=request.user) if used_by else None,
            hidden=Hidden(wanted["hidden"]),
            sort=Sort(wanted["sort"]),
        )
        versions = find_history(entity=entity, wanted=filters).select_related(
            "entity", "author", "annotation", *(["content"] if filters.slot != DEFINITION else [])
        )
        is_descending = filters.sort.is_descending
        if filters.sort.is_by_number:
            page, following = take_page(versions, wanted, key="number", is_descending=is_descending)
        else:
            page, following = take_ranked_page(versions, wanted, is_descending=is_descending)
        rows = load_rows(entity=entity, slot=filters.slot, versions=page)
        described = [describe_history(row) for row in rows]
        return self.answer_rows(described, following, wanted, versions.count)

    def work(self, request: Request, asset_id: str) -> Response:
        """Create versions of media in one slot: 201 with them, in order."""
        read_query(NoQuery, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        return answer_created(request, entity)


class VersionView(GuardedView):
    """One version of an entity."""

    guarded = ("PATCH",)

    def get(self, request: Request, asset_id: str, number: int) -> Response:
        """Answer the version resolved: its content, and what it was made from."""
        wanted = read_query(VersionQuery, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        version = load_version(entity=entity, number=number, slot=wanted["slot"])
        return _answer_version(version, resolve=wanted["resolve"])

    def patch(self, request: Request, asset_id: str, number: int) -> Response:
        """Say something about the version; the version itself stays as it was published."""
        slot = read_query(SlotQuery, request)["slot"]
        body = read_body(RemarkBody, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        if_match = request.headers.get("If-Match")
        remark = Remark(
            status=Status(body["status"]) if body["status"] else None,
            is_hidden=body["is_hidden"],
            metadata=body["metadata"],
            note=body["note"],
            base_revision=read_revision(if_match, entity=entity, number=number, slot=slot),
        )
        cause = Cause(kind=RunKind.APPROVAL, actor=get_actor(request), note=body["note"])
        said = annotate_version(
            entity=entity, slot=slot, number=number, remark=remark, cause=cause, at=timezone.now()
        )
        if said.conflicts:
            return answer_conflicts(request, said.conflicts)
        response = _answer_version(said.version, resolve=False)
        if said.run:
            response.data["started_run_id"] = said.run.pk
            response["Location"] = f"/api/v1/runs/{said.run.pk}"
        return response


class DiffView(APIView):
    """Two versions of a slot, compared."""

    def get(self, request: Request, asset_id: str, before: int, after: int) -> Response:
        """Answer the fields that differ, with the words within prose, uses, and media."""
        slot = read_query(SlotQuery, request)["slot"]
        entity = find_entity(identifier=asset_id, user=request.user)
        old, new = (
            load_version(entity=entity, number=number, slot=slot) for number in (before, after)
        )
        answer = describe_comparison(old, new)
        if slot != DEFINITION:
            answer["media"] = {
                "before": describe_media(read_media(old.content.data)),
                "after": describe_media(read_media(new.content.data)),
            }
        return Response(answer)


class BestView(GuardedView):
    """The best version of a slot."""

    guarded = ("PUT",)

    def put(self, request: Request, asset_id: str) -> Response:
        """Choose it: 202 with the run that follows, 200 when nothing follows or for a dry run."""
        query, body = read_query(DryRunQuery, request), read_body(BestBody, request)
        entity = find_entity(identifier=asset_id, user=request.user)
        slot = body["slot"]
        base = read_if_match(request.headers.get("If-Match"), entity, slot)
        cause = Cause(
            kind=RunKind.BEST,
            actor=get_actor(request),
            note=body["note"],
            shown=read_plan(request, body["plan_token"]),
        )
        if query["dry_run"]:
            found = preview_best(
                entity=entity, slot=slot, number=body["version"], cause=cause, base_version=base
            )
            return answer_preview(
                request, entity=entity, found=found, slot=slot, with_items=query["items"]
            )
        outcome = set_best(
            entity=entity,
            slot=slot,
            number=body["version"],
            cause=cause,
            at=timezone.now(),
            base_version=base,
        )
        describe = partial(answer_change, entity=entity, outcome=outcome, slot=slot)
        return finish(request, Started(runs=outcome.runs, describe=describe))


def _answer_version(version: Version, *, resolve: bool) -> Response:
    entity, slot = version.entity, version.slot
    (row,) = load_rows(entity=entity, slot=slot, versions=[version])
    uses = load_uses(version=version)
    contents = Content.objects.in_bulk({use.content_id for use in uses}) if resolve else {}
    answer = describe_history(row)
    if slot == DEFINITION:
        answer["content"] = version.content.data
        answer["uses"] = [
            describe_use(use, contents[use.content_id].data if resolve else None) for use in uses
        ]
    response = Response(answer)
    response["ETag"] = write_etag(entity.code, version.number, slot, revision=row.revision)
    return response
