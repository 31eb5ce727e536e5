"""Exit codes of the commands, and what a domain error says to whoever called."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from django.core.management.base import CommandError

from assets.exceptions import AmbiguousCodeError, AssetsError, CycleError
from propagation.exceptions import (
    ConflictOverError,
    FieldsLeasedError,
    InvalidRunStateError,
    PlanStaleError,
    PropagationError,
    WebhookDisabledError,
)
from versions.exceptions import (
    EntityLockedError,
    RemarkMovedError,
    VersionMovedError,
    VersionsError,
)

DomainError = AssetsError | VersionsError | PropagationError
DOMAIN_ERRORS = (AssetsError, VersionsError, PropagationError)


class Exit(IntEnum):
    """What a command ends with."""

    OK = 0
    UNAVAILABLE = 1
    REFUSED = 2
    CONFLICT = 3
    HELD = 4
    FAILED = 5
    STALE = 6
    NO_WORKERS = 7
    INTERRUPTED = 130


EXITS: Mapping[type[Exception], Exit] = {
    EntityLockedError: Exit.CONFLICT,
    FieldsLeasedError: Exit.CONFLICT,
    VersionMovedError: Exit.CONFLICT,
    RemarkMovedError: Exit.CONFLICT,
    InvalidRunStateError: Exit.CONFLICT,
    ConflictOverError: Exit.CONFLICT,
    WebhookDisabledError: Exit.CONFLICT,
    CycleError: Exit.CONFLICT,
    PlanStaleError: Exit.STALE,
}
"""Domain errors that are not refusals; all others are."""


def find_exit(error: DomainError) -> Exit:
    """Return the exit code of a domain error."""
    return next((code for kind, code in EXITS.items() if isinstance(error, kind)), Exit.REFUSED)


def refuse(detail: str, code: Exit = Exit.REFUSED) -> CommandError:
    """Return the error that ends a command with this sentence; nothing was changed."""
    return CommandError(detail, returncode=code.value)


def describe_error(error: DomainError) -> dict[str, Any]:
    """Return a domain error with what a script can act on beside its text."""
    described: dict[str, Any] = {"code": error.code, "detail": str(error)}
    match error:
        case PlanStaleError():
            return {**described, "delta": error.delta}
        case AmbiguousCodeError():
            return {**described, "candidates": list(error.candidates)}
        case CycleError():
            return {**described, "cycle": list(error.cycle)}
        case _:
            return described
