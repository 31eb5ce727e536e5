"""What Schemathesis cannot know: which well-formed requests the API may still refuse with 400."""

from http import HTTPStatus
from typing import Any

import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance

NO_SCHEMA_SAYS = {
    "bad-cursor": "one that no page gave: a cursor is opaque",
    "bad-etag": "the version of another entity",
    "bad-scope": "an id that is not there, or of another type than the scope's",
    "bad-time": "both `at` and `run`, or neither, where it has to be one of them",
}
"""Codes of 400 for what is wrong with a value that its schema has no word for, and what that is."""


@schemathesis.check
def documented_request_acceptance(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> bool | None:
    """Check as `positive_data_acceptance` does, but let those codes pass, and no other 400."""
    if read_code(response) in NO_SCHEMA_SAYS:
        return None
    return positive_data_acceptance(ctx, response, case)


def read_code(response: schemathesis.Response) -> str | None:
    """Return the code of a problem; None for all that is no problem of 400."""
    is_problem = "application/problem+json" in response.headers.get("content-type", ())
    if response.status_code != HTTPStatus.BAD_REQUEST or not is_problem:
        return None
    code: str = response.json()["code"]
    return code
