"""Count what somebody asks for within a minute, in Redis: exact, whatever asks at the same time."""

import logging
import time
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

WINDOW_S = 60
"""It begins with the first request that is counted, and is over for all of them at once."""
TIMEOUT_S = 0.1
AWAY_S = 5.0
"""A Redis that did not answer is asked again after this; nobody is refused, or waits, meanwhile."""
COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""
"""One script is one step: a key never lacks its end because somebody died between two."""

_away_until = 0.0


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many were counted, with this one, and in how many seconds the counting begins anew."""

    count: int
    resets_in_s: int


def count_request(key: str) -> Count | None:
    """Count one more under the key; None when Redis does not answer."""
    global _away_until  # noqa: PLW0603 (what this process knows of its Redis)
    if time.monotonic() < _away_until:
        return None
    name = f"{settings.REDIS_PREFIX}rate:{key}"
    try:
        count, left_ms = _connect(settings.REDIS.client).eval(COUNT, 1, name, WINDOW_S * 1000)
    except RedisError as error:
        _away_until = time.monotonic() + AWAY_S
        logger.warning("rates_not_counted error=%s", error)
        return None
    return Count(count=count, resets_in_s=max(1, -(-left_ms // 1000)))


@cache
def _connect(url: str) -> Redis:
    """Return a client whose connections the threads of this process share."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
