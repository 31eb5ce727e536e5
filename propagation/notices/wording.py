"""Say in words what somebody is told; plain values, no database.

The facts of a run: `kind`, `status`, `source` and `version` (of the first entity that changed, or
none), `sources` (how many changed), `actor`, `note`, `total`, `applied`, `unchanged`, `failed`,
`skipped`, `held`. Of a conflict: `source`, `type`, `severity`, `status`, `author`, `closed_by`,
`note`. They are what was true when the person was told.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any, TypeAlias

from propagation.models import Reason

Facts: TypeAlias = Mapping[str, Any]

NOTE_LENGTH = 500
SUBJECT_LENGTH = 180
COUNTS = {
    "applied": "updated",
    "failed": "failed",
    "held": "held",
    "skipped": "left out",
}
DECIDED = {
    "resolved": "resolved",
    "dismissed": "dismissed",
    "expired": "withdrawn",
    "merged": "merged",
}


def say_what(facts: Facts) -> str:
    """Return what happened in one line, such as: hero v6 by ben: 274 updated, 2 failed."""
    return _say_conflict(facts) if "author" in facts else _say_run(facts)


def say_why(*, reason: Reason, code: str | None, also: int) -> str:
    """Return why somebody is told, to them. code: of what of theirs was reached."""
    thing = code or "something"
    more = f", and {also} more of what you watch" if also else ""
    words = {
        Reason.CONFLICT: f"it is about {thing}",
        Reason.APPROVAL: "targets wait for your decision",
        Reason.STARTED: "you started it",
        Reason.RUN: "you watch the run",
        Reason.SOURCE: f"you watch {thing}, which changed{more}",
        Reason.TARGET: f"you watch {thing}, which it reached{more}",
        Reason.SEQUENCE: f"you watch {thing}, which holds what it reached{more}",
        Reason.PROJECT: "you watch the project",
    }
    return words[reason]


def flatten(text: str, *, length: int = SUBJECT_LENGTH) -> str:
    """Return the text as one line without control characters, cut to a length."""
    kept = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    line = " ".join(kept.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _say_run(facts: Facts) -> str:
    more = facts["sources"] - 1
    what = f"{facts['source']} v{facts['version']}" if facts["source"] else facts["kind"]
    what += f" and {more} more" if more > 0 else ""
    what += f" by {facts['actor']}" if facts["actor"] else ""
    counts = [f"{facts[name]} {word}" for name, word in COUNTS.items() if facts[name]]
    ended = ["cancelled"] if facts["status"] == "cancelled" else []
    return f"{what}: {', '.join([*ended, *counts]) or 'nothing to update'}"


def _say_conflict(facts: Facts) -> str:
    whose = f"{facts['author']}'s edit" if facts["author"] else "an edit"
    if facts["status"] == "open":
        return f"{facts['source']}: {whose} met another one and waits for a decision"
    by = f" by {facts['closed_by']}" if facts["closed_by"] else ""
    return f"{facts['source']}: {whose} was {DECIDED[facts['status']]}{by}"
