"""A connection to Redis for signals; nothing that must not be lost goes through it."""

from django.conf import settings
from redis import Redis

TIMEOUT_S = 2.0


def connect() -> Redis:
    """Return a client, to be used as a context manager."""
    return Redis.from_url(
        settings.REDIS.client, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
    )
