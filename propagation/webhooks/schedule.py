"""When a message is sent again that its receiver did not take."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

DELAYS_S = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each attempt, from the one before it: 75 h 35 min in all."""
JITTER = 0.1
"""At most this part of a delay is added by chance: those that failed together come one by one."""
THROTTLING = frozenset({429, 502, 503, 504})
"""Statuses by which a receiver may say when it wants to be asked again, in Retry-After."""
LONGEST_WAIT_S = 86_400


def find_next(
    *, attempts: int, at: datetime, chance: float = 0.0, not_before: datetime | None = None
) -> datetime | None:
    """Return when to send again after so many attempts, the last one at `at`; None: never.

    chance: 0 to 1. not_before: what the receiver asked for.
    """
    if attempts >= len(DELAYS_S):
        return None
    planned = at + timedelta(seconds=DELAYS_S[attempts] * (1 + JITTER * chance))
    return max(planned, not_before) if not_before else planned


def read_retry_after(*, status: int, header: str | None, at: datetime) -> datetime | None:
    """Return when the receiver wants to be asked again, within a day; None: it does not say.

    RFC 9110, 10.2.3: a number of seconds, or a date.
    """
    if status not in THROTTLING or not header:
        return None
    latest = at + timedelta(seconds=LONGEST_WAIT_S)
    text = header.strip()
    if text.isascii() and text.isdecimal():
        seconds = LONGEST_WAIT_S if len(text) > 9 else int(text)  # noqa: PLR2004
        return min(at + timedelta(seconds=min(seconds, LONGEST_WAIT_S)), latest)
    try:
        wanted = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)
    return min(max(wanted, at), latest)
