"""Which lanes have a worker: each worker says so in Redis every few seconds."""

from collections import Counter
from collections.abc import Iterable

from django.conf import settings

from propagation.live.redis import connect

SCHEDULER, COURIER = "scheduler", "courier"
"""Processes beside the lanes that say they live."""
ALIVE_S = 10
"""A worker that has not spoken for this long counts as gone; workers speak every 2 seconds."""


def announce_worker(*, hostname: str, lanes: Iterable[str]) -> None:
    """Say that this worker consumes these lanes. RedisError when Redis is away."""
    with connect() as client:
        for lane in lanes:
            client.set(f"{_prefix(lane)}{hostname}", b"", ex=ALIVE_S)


def count_workers() -> dict[str, int]:
    """Return the number of workers per lane, for every lane. RedisError when Redis is away."""
    living = count_living()
    return {lane: living[lane] for lane in settings.LANES}


def announce_process(kind: str, *, hostname: str) -> None:
    """Say that this scheduler or courier lives. RedisError when Redis is away."""
    with connect() as client:
        client.set(f"{_prefix(kind)}{hostname}", b"", ex=ALIVE_S)


def count_processes(kind: str) -> int:
    """Return the number of living schedulers or couriers. RedisError when Redis is away."""
    return count_living()[kind]


def count_living() -> dict[str, int]:
    """Return the number of workers per lane, of schedulers and of couriers; reads the keys once.

    RedisError when Redis is away.
    """
    kinds = (*settings.LANES, SCHEDULER, COURIER)
    start = settings.REDIS_PREFIX + "worker:"
    with connect() as client:
        keys = {key.decode() for key in client.scan_iter(f"{start}*", count=1000)}
    found = Counter(key.removeprefix(start).partition(":")[0] for key in keys)
    return {kind: found[kind] for kind in kinds}


def is_announced(kind: str, *, host: str) -> bool:
    """Tell whether this machine has a living worker of the lane, scheduler or courier.

    RedisError when Redis is away.
    """
    start = f"{_prefix(kind)}{host}:"
    with connect() as client:
        keys = client.scan_iter(f"{_prefix(kind)}*", count=1000)
        return any(key.decode().startswith(start) for key in keys)


def forget_workers() -> None:
    """Drop all announcements: those of processes that ended may have outlived them in Redis."""
    with connect() as client:
        for lane in (*settings.LANES, SCHEDULER, COURIER):
            for key in client.scan_iter(f"{_prefix(lane)}*", count=1000):
                client.delete(key)


def _prefix(lane: str) -> str:
    return f"{settings.REDIS_PREFIX}worker:{lane}:"
