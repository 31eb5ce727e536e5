"""Request ids: one per request, in its answer, its log lines and those of the tasks it starts."""

import re
from uuid import uuid4

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")


def choose_request_id(given: str | None) -> str:
    """Return the id that came with the request when it is well-formed, else a new one.

    Whoever calls may give one to find the request again in both logs. Letters, digits, dots,
    hyphens and underscores only: it stands in headers and log lines.
    """
    return given if given and WELL_FORMED.fullmatch(given) else uuid4().hex
