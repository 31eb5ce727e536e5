"""Lists in pages: a cursor is the key of the last row, so pages neither skip nor repeat."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from propagation.api.codes import get_encoded_path
from propagation.api.problem import Problem
from propagation.api.strict import StrictSerializer, read_query

_M = TypeVar("_M", bound=Model)


def _get_url(request: Request) -> str:
    query = request.META.get("QUERY_STRING", "")
    return f"{request.scheme}://{request.get_host()}{get_encoded_path(request)}?{query}"


class PageQuery(StrictSerializer):
    """Parameters of every list."""

    limit = serializers.IntegerField(default=100, min_value=1, max_value=1000)
    cursor = serializers.CharField(default="", allow_blank=True)


def answer_page(
    request: Request,
    rows: QuerySet[_M],
    describe: Callable[[_M], dict[str, Any]],
    *,
    key: str = "pk",
    is_descending: bool = False,
    query: type[PageQuery] = PageQuery,
) -> Response:
    """Answer one page of the rows in the order of an integer key: `{"data": […], "next": …}`."""
    wanted = read_query(query, request)
    if wanted["cursor"]:
        if not wanted["cursor"].isdecimal() or len(wanted["cursor"]) > 18:  # noqa: PLR2004
            raise Problem(HTTPStatus.BAD_REQUEST, "bad-cursor", "Use the `next` of a page.")
        step = "lt" if is_descending else "gt"
        rows = rows.filter(**{f"{key}__{step}": int(wanted["cursor"])})
    page = list(rows.order_by(f"-{key}" if is_descending else key)[: wanted["limit"] + 1])
    has_more = len(page) > wanted["limit"]
    page = page[: wanted["limit"]]
    following = str(getattr(page[-1], key)) if has_more else None
    response = Response({"data": [describe(row) for row in page], "next": following})
    if following:
        url = replace_query_param(_get_url(request), "cursor", following)
        response["Link"] = f'<{url}>; rel="next"'
    return response
