"""Forget requests that nobody will send again."""

from datetime import datetime, timedelta

from propagation.models import IdempotencyKey

KEPT = timedelta(days=1)
"""How long a request with an Idempotency-Key is answered as it was (API: kept 24 h)."""


def forget_keys(*, at: datetime) -> int:
    """Forget the requests that were done longer ago than KEPT; return how many."""
    forgotten, _ = IdempotencyKey.objects.filter(created_at__lt=at - KEPT).delete()
    return forgotten
