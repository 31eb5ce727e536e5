"""Whether the service lives, and whether it can do its work."""

import logging
from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from redis.exceptions import RedisError

from propagation.live.workers import COURIER, SCHEDULER, count_living
from propagation.services.queues import READERS, read_readers

logger = logging.getLogger(__name__)

LATE_S = 60.0
"""A reader of the event log whose oldest event waits for longer is late: it is away, or stuck."""

CONNECT_S = 2
"""What PostgreSQL gets to take a connection."""


class State(StrEnum):
    """What became of a check. unknown: what would tell it is away itself."""

    OK = "ok"
    MISSING = "missing"
    LATE = "late"
    UNKNOWN = "unknown"


def live(request: HttpRequest) -> JsonResponse:
    """200: the process answers. Asks nobody else."""
    del request
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when all that work needs is there; else 503, and what is not.

    status: `unavailable` without a database: nothing can be answered. `degraded`: requests are
    answered and changes taken, but some work waits. Names only: whoever asks need not be somebody
    who may read the errors in the log.
    """
    del request
    checks = {**_check_database(), **_check_redis()}
    missing = [name for name, state in checks.items() if state in (State.MISSING, State.LATE)]
    if not missing:
        return JsonResponse({"status": "ok", "missing": [], "checks": checks})
    status = "unavailable" if "database" in missing else "degraded"
    body = {"status": status, "missing": missing, "checks": checks}
    return JsonResponse(body, status=HTTPStatus.SERVICE_UNAVAILABLE)


def _check_database() -> Mapping[str, State]:
    """Check the database, and by it that those who act on events keep up."""
    names = {reader: f"events: {reader}" for reader in READERS}
    try:
        _ask_database()
        readers = read_readers(at=timezone.now())
    except DatabaseError as error:
        logger.warning("not_ready database error=%s", error)
        return {"database": State.MISSING, **dict.fromkeys(names.values(), State.UNKNOWN)}
    states = {
        names[reader]: State.LATE if (one.oldest_s or 0) > LATE_S else State.OK
        for reader, one in readers.items()
    }
    return {"database": State.OK, **states}


def _ask_database() -> None:
    """Ask over a connection of its own: one of the pool may be waited for half a minute."""
    probe = connection.copy()
    probe.settings_dict["OPTIONS"].pop("pool", None)
    if probe.vendor == "postgresql":
        probe.settings_dict["OPTIONS"]["connect_timeout"] = CONNECT_S
    try:
        with probe.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        probe.close()


def _check_redis() -> Mapping[str, State]:
    """Check Redis, and by it who has said lately that they live."""
    try:
        living: Mapping[str, int] | None = count_living()
    except RedisError as error:
        logger.warning("not_ready redis error=%s", error)
        living = None
    states = {"redis": State.MISSING if living is None else State.OK}
    for kind in (*settings.LANES, SCHEDULER, COURIER):
        name = f"worker: {kind}" if kind in settings.LANES else kind
        if living is None:
            states[name] = State.UNKNOWN
        else:
            states[name] = State.OK if living[kind] else State.MISSING
    return states
