"""An error that a view finds itself. Apart from `problems`: parsers need it before views load."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from rest_framework.exceptions import APIException


class Problem(APIException):
    """An error that a view finds itself, with its status and code."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.headers = dict(headers or {})
        self.status_code, self.problem_code, self.extra = status.value, code, dict(extra or {})
