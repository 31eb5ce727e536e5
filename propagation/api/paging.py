"""Lists in pages: a cursor is the key of the last row, so pages neither skip nor repeat."""

import json
import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar, get_type_hints

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from propagation.api.codes import get_encoded_path
from propagation.api.problem import Problem
from propagation.api.strict import StrictSerializer, read_query, suggest
from propagation.api.tables import CSVRenderer

_M = TypeVar("_M", bound=Model)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _get_url(request: Request) -> str:
    query = request.META.get("QUERY_STRING", "")
    return f"{request.scheme}://{request.get_host()}{get_encoded_path(request)}?{query}"


class PageQuery(StrictSerializer):
    """Parameters of every list. fields: members of the rows, with commas; count: `total` too."""

    limit = serializers.IntegerField(default=100, min_value=1, max_value=1000)
    cursor = serializers.CharField(default="", allow_blank=True)
    fields = serializers.CharField(default="", max_length=1000)  # type: ignore[assignment]
    count = serializers.BooleanField(default=False)


class ListView(APIView):
    """A view whose GET answers rows of a shape, in pages, as JSON or as CSV."""

    row: ClassVar[Any] = None
    """The shape of a row, a TypedDict."""

    def get_renderers(self) -> list[Any]:
        """Return what writes the answer; only a list is a table."""
        is_list = self.request.method in ("GET", "HEAD")
        return [*super().get_renderers(), *([CSVRenderer()] if is_list else [])]

    def answer_page(
        self,
        rows: QuerySet[_M],
        describe: Callable[[_M], Mapping[str, Any]],
        *,
        wanted: Mapping[str, Any] | None = None,
        is_descending: bool = False,
    ) -> Response:
        """Answer a page of the rows in the order of their keys: `{"data": […], "next": …}`.

        wanted: the query, where it has more than a PageQuery.
        """
        query = wanted or read_query(PageQuery, self.request)
        page, following = take_page(rows, query, is_descending=is_descending)
        return self.answer_rows([describe(row) for row in page], following, query, rows.count)

    def answer_rows(
        self,
        data: Sequence[Mapping[str, Any]],
        following: str | None,
        wanted: Mapping[str, Any],
        count: Callable[[], int] | None = None,
    ) -> Response:
        """Answer a page that was taken: its rows, and where the next one is. count: all of them."""
        columns = self.list_columns(wanted)
        if wanted["fields"]:
            data = [{name: row[name] for name in columns if name in row} for row in data]
        body: dict[str, Any] = {"data": data, "next": following}
        if count and wanted.get("count"):
            body["total"] = count()
        response = _link(self.request, Response(body), following)
        response.columns = columns  # type: ignore[attr-defined]  # for CSV
        return response

    def list_columns(self, wanted: Mapping[str, Any]) -> Sequence[str]:
        """Return the members that rows shall have; 422 for one that they cannot have."""
        known = list_members(self.row)
        names = wanted["fields"].split(",") if wanted["fields"] else known
        if unknown := [name for name in names if name not in known]:
            detail = suggest(f"There is no {unknown[0]!r}", unknown[0], known)
            raise serializers.ValidationError({"fields": [detail]})
        return names


@cache
def list_members(shape: Any) -> tuple[str, ...]:  # noqa: ANN401 (a TypedDict)
    """Return the names of a shape's members, in order."""
    return tuple(get_type_hints(shape))


def _link(request: Request, response: Response, following: str | None) -> Response:
    if following:
        url = replace_query_param(_get_url(request), "cursor", following)
        response["Link"] = f'<{url}>; rel="next"'
    return response


def take_page(
    rows: QuerySet[_M], wanted: Mapping[str, Any], *, key: str = "pk", is_descending: bool = False
) -> tuple[list[_M], str | None]:
    """Return one page of the rows in the order of an integer key, and the cursor of the next."""
    if wanted["cursor"]:
        if not wanted["cursor"].isdecimal() or len(wanted["cursor"]) > 18:  # noqa: PLR2004
            raise refuse_cursor()
        step = "lt" if is_descending else "gt"
        rows = rows.filter(**{f"{key}__{step}": int(wanted["cursor"])})
    found = list(rows.order_by(f"-{key}" if is_descending else key)[: wanted["limit"] + 1])
    page = found[: wanted["limit"]]
    return page, str(getattr(page[-1], key)) if len(found) > len(page) else None


def take_sorted_page(
    rows: QuerySet[_M], wanted: Mapping[str, Any], column: str
) -> tuple[list[_M], str | None]:
    """Return one page of the rows in the order of a column, equal ones by their keys.

    A `sort` that begins with - is the other way round.
    """
    is_descending = wanted["sort"].startswith("-")
    if column == "pk":
        return take_page(rows, wanted, is_descending=is_descending)
    step = "lt" if is_descending else "gt"
    if wanted["cursor"]:
        value, pk = _read_sorted(wanted["cursor"], rows.model._meta.get_field(column))  # noqa: SLF001
        beyond = Q(**{f"{column}__{step}": value}) | Q(**{column: value, f"pk__{step}": pk})
        rows = rows.filter(beyond)
    sign = "-" if is_descending else ""
    found = list(rows.order_by(f"{sign}{column}", f"{sign}pk")[: wanted["limit"] + 1])
    page: list[Any] = found[: wanted["limit"]]
    if len(found) == len(page):
        return page, None
    text = json.dumps([getattr(page[-1], column), page[-1].pk], cls=JSONEncoder)
    return page, urlsafe_b64encode(text.encode()).decode()


def _read_sorted(cursor: str, field: Any) -> tuple[Any, int]:  # noqa: ANN401 (a model's field)
    try:
        value, pk = json.loads(urlsafe_b64decode(cursor.encode()))
        if not isinstance(value, str | int) or not isinstance(pk, int) or not 0 < pk < 2**63:
            raise refuse_cursor()
        return field.to_python(value), pk
    except (ValueError, TypeError, ValidationError, RecursionError) as error:
        raise refuse_cursor() from error


def take_ranked_page(
    rows: QuerySet[_M], wanted: Mapping[str, Any], *, is_descending: bool
) -> tuple[list[_M], str | None]:
    """Return one page of the rows by their float `rank`, equal ones by number, newest first."""
    if wanted["cursor"]:
        rank, number = _read_ranked(wanted["cursor"])
        beyond = Q(rank__lt=rank) if is_descending else Q(rank__gt=rank)
        rows = rows.filter(beyond | Q(rank=rank, number__lt=number))
    found = list(
        rows.order_by("-rank" if is_descending else "rank", "-number")[: wanted["limit"] + 1]
    )
    page: list[Any] = found[: wanted["limit"]]
    if len(found) == len(page):
        return page, None
    return page, f"{float(page[-1].rank).hex()}.{page[-1].number}"


def take_recent_page(rows: QuerySet[_M], wanted: Mapping[str, Any]) -> tuple[list[_M], str | None]:
    """Return one page of the rows by the time of their `updated_at`, newest first."""
    if wanted["cursor"]:
        at, pk = read_moment(wanted["cursor"], numbers=1)
        # The range is what an index is read by; the rest tells rows of one moment apart.
        rows = rows.filter(Q(updated_at__lt=at) | Q(pk__lt=pk), updated_at__lte=at)
    found = list(rows.order_by("-updated_at", "-pk")[: wanted["limit"] + 1])
    page: list[Any] = found[: wanted["limit"]]
    if len(found) == len(page):
        return page, None
    return page, write_moment(page[-1].updated_at, page[-1].pk)


def write_moment(at: datetime, *numbers: int) -> str:
    """Return the cursor of a row that is sorted by a time and then by numbers."""
    return ".".join(map(str, [(at - _EPOCH) // timedelta(microseconds=1), *numbers]))


def read_moment(cursor: str, *, numbers: int) -> tuple[Any, ...]:
    """Return the time and the numbers that write_moment wrote."""
    read = cursor.split(".")
    if len(read) != 1 + numbers or not all(re.fullmatch("[0-9]{1,18}", one) for one in read):
        raise refuse_cursor()
    try:
        return _EPOCH + timedelta(microseconds=int(read[0])), *map(int, read[1:])
    except OverflowError as error:
        raise refuse_cursor() from error


def _read_ranked(cursor: str) -> tuple[float, int]:
    rank, _, number = cursor.rpartition(".")
    if not number.isdecimal() or len(number) > 9:  # noqa: PLR2004
        raise refuse_cursor()
    try:
        read = float.fromhex(rank)
    except (ValueError, OverflowError) as error:
        raise refuse_cursor() from error
    if not math.isfinite(read):
        raise refuse_cursor()
    return read, int(number)


def read_offset(cursor: str) -> int:
    """Return the place in a list that a cursor names; 0 without one."""
    if not cursor:
        return 0
    if not cursor.isdecimal() or len(cursor) > 9:  # noqa: PLR2004
        raise refuse_cursor()
    return int(cursor)


def refuse_cursor() -> Problem:
    """Return the problem of a cursor that no page gave."""
    return Problem(HTTPStatus.BAD_REQUEST, "bad-cursor", "Use the `next` of a page.")
