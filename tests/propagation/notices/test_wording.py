"""What a notification says, and when its mail is due."""

from datetime import UTC, datetime, timedelta

import pytest

from propagation.models import Mail, Reason
from propagation.notices.due import MOST_ATTEMPTS, find_due, find_retry
from propagation.notices.wording import Facts, flatten, say_what, say_why

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN: Facts = {
    "kind": "change",
    "status": "partial",
    "source": "hero",
    "version": 6,
    "sources": 1,
    "actor": "ben",
    "note": "",
    "total": 276,
    "applied": 274,
    "unchanged": 0,
    "failed": 2,
    "skipped": 0,
    "held": 0,
}
CONFLICT: Facts = {
    "source": "hero",
    "type": "simultaneous_edit",
    "severity": "low",
    "status": "open",
    "author": "ben",
    "closed_by": None,
    "note": "",
}
DECIDED: Facts = {"status": "resolved", "closed_by": "ana"}
COUNTS = "274 updated, 2 failed"


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (RUN, f"hero v6 by ben: {COUNTS}"),
        ({**RUN, "held": 3, "sources": 5}, f"hero v6 and 4 more by ben: {COUNTS}, 3 held"),
        ({**RUN, "status": "cancelled", "failed": 0}, "hero v6 by ben: cancelled, 274 updated"),
        ({**RUN, "applied": 0, "failed": 0, "actor": None}, "hero v6: nothing to update"),
        ({**RUN, "source": None, "sources": 0, "kind": "release"}, f"release by ben: {COUNTS}"),
        (CONFLICT, "hero: ben's edit met another one and waits for a decision"),
        ({**CONFLICT, **DECIDED}, "hero: ben's edit was resolved by ana"),
        ({**CONFLICT, "status": "expired", "author": None}, "hero: an edit was withdrawn"),
    ],
)
def test_one_line_says_what_happened(facts: Facts, text: str) -> None:
    assert say_what(facts) == text


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_said(reason: Reason) -> None:
    assert say_why(reason=reason, code="shot-1", also=2)
    assert say_why(reason=reason, code=None, also=0)


def test_a_line_is_one_line_whatever_is_in_it() -> None:
    assert flatten("a\r\nBcc: x@y.z\0\u2028b\u202e") == "a Bcc: x@y.z b"
    assert len(flatten("x" * 1000)) == 180


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (NOON - timedelta(hours=6), NOON - timedelta(hours=5)),
        (NOON - timedelta(hours=5), NOON + timedelta(hours=19)),
        (NOON, NOON + timedelta(hours=19)),
    ],
)
def test_a_digest_is_due_at_the_next_hour_of_its_own(at: datetime, due: datetime) -> None:
    assert find_due(mail=Mail.DIGEST, digest_hour=7, at=at) == due


def test_mail_for_each_is_due_soon_and_none_never() -> None:
    assert find_due(mail=Mail.EACH, digest_hour=7, at=NOON) == NOON + timedelta(seconds=30)
    assert find_due(mail=Mail.NONE, digest_hour=7, at=NOON) is None


def test_failing_mail_is_tried_ten_times_less_and_less_often() -> None:
    minutes = []
    for attempts in range(1, MOST_ATTEMPTS):
        retry = find_retry(attempts=attempts, at=NOON)
        assert retry is not None
        minutes.append((retry - NOON) // timedelta(minutes=1))
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert find_retry(attempts=MOST_ATTEMPTS, at=NOON) is None
