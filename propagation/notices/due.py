"""When mail is due; plain values, no database."""

from datetime import datetime, timedelta

from propagation.models import Mail

EACH_DELAY = timedelta(seconds=30)
"""What comes soon after goes into the same mail, and what is read meanwhile into none."""
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
MOST_ATTEMPTS = 10


def find_due(*, mail: Mail, digest_hour: int, at: datetime) -> datetime | None:
    """Return when somebody with this preference gets mail of what happens at `at`; None: never.

    digest_hour: of the day in UTC, 0 to 23. What happens on the hour itself is in the next day's.
    """
    if mail == Mail.NONE:
        return None
    if mail == Mail.EACH:
        return at + EACH_DELAY
    today = at.replace(hour=digest_hour, minute=0, second=0, microsecond=0)
    return today if today > at else today + timedelta(days=1)


def find_retry(*, attempts: int, at: datetime) -> datetime | None:
    """Return when mail that failed so often (from 1) is tried again; None: not any more."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return at + min(FIRST_RETRY * (1 << (attempts - 1)), LONGEST_RETRY)
