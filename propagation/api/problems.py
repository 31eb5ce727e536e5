"""Errors as application/problem+json (RFC 9457): all answers that are no success, in one place."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions as drf
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from assets.exceptions import (
    AmbiguousCodeError,
    AssetsError,
    CrossProjectReferenceError,
    CycleError,
    EntityNotFoundError,
    ProjectNotFoundError,
    ReferenceNotFoundError,
    RoleTooLowError,
)
from propagation.api.codes import get_encoded_path, write_etag
from propagation.api.problem import Problem
from propagation.api.request_ids import choose_request_id
from propagation.api.routes import name_route
from propagation.api.throttling import find_flood
from propagation.exceptions import (
    BaseRequiredError,
    ConflictNotFoundError,
    ConflictOverError,
    DeliveryNotFoundError,
    EntityExistsError,
    EventsTrimmedError,
    FieldsLeasedError,
    InvalidChangeError,
    InvalidChoiceError,
    InvalidEdgeError,
    InvalidRuleError,
    InvalidRunStateError,
    InvalidWebhookError,
    JobNotFoundError,
    JobOverError,
    LastAdminError,
    LeaseNotFoundError,
    LimitExceededError,
    MemberNotFoundError,
    PlanNotFoundError,
    PlanStaleError,
    ProjectExistsError,
    PropagationError,
    RuleNotFoundError,
    RunNotFoundError,
    TokenNotFoundError,
    TokenTooNarrowError,
    TooManyActiveRunsError,
    TopicNotFoundError,
    WebhookDisabledError,
    WebhookNotFoundError,
)
from propagation.interchange.defects import DefectiveProductionError
from versions.exceptions import (
    BadScopeError,
    EntityLockedError,
    FileNotStoredError,
    InvalidMediaError,
    InvalidMetadataError,
    NotThereThenError,
    RemarkMovedError,
    SlotNotFoundError,
    VersionMovedError,
    VersionNotFoundError,
    VersionsError,
)
from versions.naming import write_version_id

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
DomainError = AssetsError | VersionsError | PropagationError

STATUSES: Mapping[type[Exception], HTTPStatus] = {
    EntityNotFoundError: HTTPStatus.NOT_FOUND,
    ProjectNotFoundError: HTTPStatus.NOT_FOUND,
    ReferenceNotFoundError: HTTPStatus.NOT_FOUND,
    RunNotFoundError: HTTPStatus.NOT_FOUND,
    TopicNotFoundError: HTTPStatus.NOT_FOUND,
    VersionNotFoundError: HTTPStatus.NOT_FOUND,
    RoleTooLowError: HTTPStatus.FORBIDDEN,
    AmbiguousCodeError: HTTPStatus.CONFLICT,
    CycleError: HTTPStatus.CONFLICT,
    CrossProjectReferenceError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidChangeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidEdgeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidRuleError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidRunStateError: HTTPStatus.CONFLICT,
    JobNotFoundError: HTTPStatus.NOT_FOUND,
    JobOverError: HTTPStatus.CONFLICT,
    PlanNotFoundError: HTTPStatus.NOT_FOUND,
    PlanStaleError: HTTPStatus.CONFLICT,
    RuleNotFoundError: HTTPStatus.NOT_FOUND,
    VersionMovedError: HTTPStatus.PRECONDITION_FAILED,
    RemarkMovedError: HTTPStatus.PRECONDITION_FAILED,
    SlotNotFoundError: HTTPStatus.NOT_FOUND,
    FileNotStoredError: HTTPStatus.NOT_FOUND,
    NotThereThenError: HTTPStatus.NOT_FOUND,
    EntityLockedError: HTTPStatus.LOCKED,
    BadScopeError: HTTPStatus.BAD_REQUEST,
    BaseRequiredError: HTTPStatus.PRECONDITION_REQUIRED,
    ConflictNotFoundError: HTTPStatus.NOT_FOUND,
    ConflictOverError: HTTPStatus.CONFLICT,
    FieldsLeasedError: HTTPStatus.LOCKED,
    EventsTrimmedError: HTTPStatus.GONE,
    InvalidChoiceError: HTTPStatus.UNPROCESSABLE_ENTITY,
    LeaseNotFoundError: HTTPStatus.NOT_FOUND,
    InvalidMediaError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidMetadataError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidWebhookError: HTTPStatus.UNPROCESSABLE_ENTITY,
    LimitExceededError: HTTPStatus.UNPROCESSABLE_ENTITY,
    WebhookNotFoundError: HTTPStatus.NOT_FOUND,
    DeliveryNotFoundError: HTTPStatus.NOT_FOUND,
    WebhookDisabledError: HTTPStatus.CONFLICT,
    EntityExistsError: HTTPStatus.CONFLICT,
    ProjectExistsError: HTTPStatus.CONFLICT,
    DefectiveProductionError: HTTPStatus.UNPROCESSABLE_ENTITY,
    TokenNotFoundError: HTTPStatus.NOT_FOUND,
    TokenTooNarrowError: HTTPStatus.FORBIDDEN,
    MemberNotFoundError: HTTPStatus.NOT_FOUND,
    LastAdminError: HTTPStatus.CONFLICT,
    TooManyActiveRunsError: HTTPStatus.TOO_MANY_REQUESTS,
}
MEMBERS: Mapping[type[Exception], tuple[str, ...]] = {
    EntityExistsError: ("ids",),
    EventsTrimmedError: ("oldest", "newest"),
    LimitExceededError: ("limit", "actual"),
    TooManyActiveRunsError: ("limit",),
}
"""Attributes of errors that their problem has as members, as they are."""
CODES: Mapping[type[Exception], str] = {
    drf.ParseError: "malformed-json",
    drf.NotAuthenticated: "unauthenticated",
    drf.AuthenticationFailed: "unauthenticated",
    drf.PermissionDenied: "forbidden",
    drf.NotFound: "not-found",
    drf.MethodNotAllowed: "method-not-allowed",
    drf.NotAcceptable: "not-acceptable",
    drf.UnsupportedMediaType: "unsupported-media-type",
    drf.Throttled: "rate-limited",
}


def answer_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception into an answer (DRF's EXCEPTION_HANDLER); None for a fault of ours."""
    request = context["request"]
    if isinstance(error, drf.NotAuthenticated | drf.AuthenticationFailed):
        error = find_flood(request) or error
    if isinstance(error, DomainError):
        set_rollback()
        status = next(s for kind, s in STATUSES.items() if isinstance(error, kind))
        answer = _respond(request, status, error.code, str(error), _describe(error))
        if isinstance(error, VersionMovedError):
            answer["ETag"] = write_etag(error.entity_code, error.current, error.slot)
        if isinstance(error, TooManyActiveRunsError):
            answer["Retry-After"] = "5"
        return answer
    if isinstance(error, OperationalError | InterfaceError | InternalError):
        set_rollback()
        logger.error("database_unavailable route=%s", name_route(request), exc_info=error)
        busy = _respond(
            request, HTTPStatus.SERVICE_UNAVAILABLE, "busy", "The database is busy; try again."
        )
        busy["Retry-After"] = "1"
        return busy
    response = exception_handler(error, context)
    if response is None:
        return None
    problem = _read_drf(error, response)
    answer = _respond(request, HTTPStatus(problem.pop("status")), **problem)
    for header in ("WWW-Authenticate", "Retry-After", "Allow"):
        if header in response:
            answer[header] = response[header]
    for header, value in (error.headers if isinstance(error, Problem) else {}).items():
        answer[header] = value
    return answer


def make_problem(
    request: HttpRequest | Request, *, status: HTTPStatus, code: str, detail: str
) -> dict[str, Any]:
    """Return the members that every problem has."""
    return {
        "type": f"/problems/{code}",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": detail,
        "instance": get_encoded_path(request),
        "request_id": getattr(request, "request_id", None) or choose_request_id(None),
    }


def answer_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a path that no route knows: a problem below /api/, Django's page elsewhere."""
    if not request.path.startswith("/api/"):
        return defaults.page_not_found(request, exception)
    return _answer_plain(request, HTTPStatus.NOT_FOUND, "not-found", "There is nothing here.")


def answer_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django refuses before a view sees it, such as a host that is not ours."""
    if not request.path.startswith("/api/"):
        return defaults.bad_request(request, exception)
    detail = "The request is not addressed to this server, or is malformed."
    return _answer_plain(request, HTTPStatus.BAD_REQUEST, "bad-request", detail)


def answer_fault(request: HttpRequest) -> HttpResponse:
    """Answer a fault of ours; the log has the traceback under the request id."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    return _answer_plain(
        request, HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "This is a fault of the server."
    )


def _answer_plain(request: HttpRequest, status: HTTPStatus, code: str, detail: str) -> HttpResponse:
    body = make_problem(request, status=status, code=code, detail=detail)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def _respond(
    request: Any,  # noqa: ANN401 (DRF's request)
    status: HTTPStatus,
    code: str,
    detail: str,
    extra: Mapping[str, Any] | None = None,
) -> Response:
    body = make_problem(request, status=status, code=code, detail=detail)
    response = Response({**body, **(extra or {})}, status=status.value)
    response.content_type = CONTENT_TYPE
    return response


def _describe(error: DomainError) -> dict[str, Any]:
    """Return what a client can act on, beside the text."""
    match error:
        case CycleError():
            found: dict[str, Any] = {"cycle": error.cycle}
        case AmbiguousCodeError():
            found = {"candidates": error.candidates}
        case VersionMovedError():
            current = write_version_id(error.entity_code, error.current, error.slot)
            found = {"current_version": current}
        case RemarkMovedError():
            found = {"current_revision": error.current}
        case PlanStaleError():
            found = {"delta": error.delta}
        case InvalidChangeError():
            found = _point_at(f"/change_data{error.pointer}", error)
        case (
            InvalidEdgeError()
            | InvalidRuleError()
            | InvalidChoiceError()
            | BadScopeError()
            | InvalidMediaError()
            | InvalidWebhookError()
        ):
            found = _point_at(error.pointer, error)
        case DefectiveProductionError():
            found = {"errors": [asdict(one) for one in error.defects], "total": error.total}
        case FieldsLeasedError():
            found = {"affected_users": [error.by], "fields": error.fields}
        case _:
            found = {name: getattr(error, name) for name in MEMBERS.get(type(error), ())}
    return found


def _point_at(pointer: str, error: DomainError) -> dict[str, Any]:
    return {"errors": [{"pointer": pointer, "detail": str(error), "code": error.code}]}


def _read_drf(error: Exception, response: Response) -> dict[str, Any]:
    if isinstance(error, Problem):
        return {
            "status": error.status_code,
            "code": error.problem_code,
            "detail": str(error.detail),
            "extra": error.extra,
        }
    if isinstance(error, drf.ValidationError):
        errors = list(flatten_errors("", error.detail))
        code = "unknown-field" if all(one["code"] == "unknown" for one in errors) else None
        return {
            "status": HTTPStatus.UNPROCESSABLE_ENTITY,
            "code": code or "validation-error",
            "detail": "; ".join(f"{one['pointer']}: {one['detail']}" for one in errors[:5]),
            "extra": {"errors": errors},
        }
    detail = response.data.get("detail", "") if isinstance(response.data, dict) else ""
    code = CODES.get(type(error)) or ("not-found" if response.status_code == 404 else "error")  # noqa: PLR2004
    return {"status": response.status_code, "code": code, "detail": str(detail), "extra": {}}


def flatten_errors(
    pointer: str,
    detail: Any,  # noqa: ANN401 (DRF's detail)
) -> Iterator[dict[str, str]]:
    """Yield one entry per message, with the JSON pointer of what it is about."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            escaped = str(key).replace("~", "~0").replace("/", "~1")  # RFC 6901
            name = f"/{escaped}" if key != "" else ""  # no key: about the object itself
            yield from flatten_errors(f"{pointer}{name}", value)
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            is_text = isinstance(value, str)
            yield from flatten_errors(pointer if is_text else f"{pointer}/{index}", value)
    else:
        yield {
            "pointer": pointer,
            "detail": str(detail),
            "code": getattr(detail, "code", "invalid"),
        }
