"""Whether the service lives, and whether it can do its work."""

import logging

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from propagation.live.workers import count_workers

logger = logging.getLogger(__name__)


def live(request: HttpRequest) -> JsonResponse:
    """200: the process answers."""
    del request
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, Redis and a worker per lane are there; else 503, and what is missing.

    Names only: whoever asks need not be somebody who may read the errors in the log.
    """
    del request
    missing = _find_missing()
    status = "ok" if not missing else "degraded"
    return JsonResponse({"status": status, "missing": missing}, status=503 if missing else 200)


def _find_missing() -> list[str]:
    missing = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        logger.warning("not_ready database error=%s", error)
        missing.append("database")
    try:
        missing += [f"worker: {lane}" for lane, count in count_workers().items() if not count]
    except RedisError as error:
        logger.warning("not_ready redis error=%s", error)
        missing.append("redis")
    return missing
