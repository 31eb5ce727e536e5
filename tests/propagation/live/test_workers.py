"""Workers say which lanes they consume; who stopped saying so is forgotten."""

import pytest
from django import conf
from pytest_django import Settings
from redis.exceptions import RedisError

from config.environment import locate_redis
from propagation.live import workers
from propagation.live.redis import connect
from propagation.live.workers import announce_worker, count_workers, forget_workers

NOBODY = {"realtime": 0, "batch": 0, "background": 0}


@pytest.fixture(autouse=True)
def own_prefix(settings: Settings) -> None:
    """Have keys of one's own: the suite's workers announce themselves too."""
    settings.REDIS_PREFIX += "announcing:"
    forget_workers()


def list_keys() -> list[bytes]:
    """Return the keys below the prefix of the test."""
    with connect() as client:
        return sorted(client.scan_iter(f"{conf.settings.REDIS_PREFIX}*", count=1000))


def test_every_lane_is_counted_even_without_a_worker() -> None:
    assert count_workers() == NOBODY


def test_a_worker_counts_in_each_of_its_lanes() -> None:
    announce_worker(hostname="one", lanes=["realtime", "batch"])
    announce_worker(hostname="two", lanes=["batch"])
    assert count_workers() == {"realtime": 1, "batch": 2, "background": 0}


def test_a_worker_that_speaks_again_counts_once() -> None:
    for _ in range(3):
        announce_worker(hostname="one", lanes=["batch"])
    assert count_workers() == {**NOBODY, "batch": 1}


def test_more_workers_than_one_scan_returns_are_counted() -> None:
    for index in range(1200):
        announce_worker(hostname=f"host-{index}", lanes=["batch"])
    assert count_workers() == {**NOBODY, "batch": 1200}
    forget_workers()
    assert list_keys() == []


def test_a_worker_of_another_installation_does_not_count(settings: Settings) -> None:
    settings.REDIS_PREFIX += "other:"
    announce_worker(hostname="one", lanes=["batch"])
    settings.REDIS_PREFIX = settings.REDIS_PREFIX.removesuffix("other:")
    assert count_workers() == NOBODY
    forget_workers()
    assert len(list_keys()) == 1
    settings.REDIS_PREFIX += "other:"
    forget_workers()


def test_a_worker_that_fell_silent_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    announce_worker(hostname="one", lanes=["batch"])
    with connect() as client:
        (key,) = list_keys()
        assert 0 < client.ttl(key) <= workers.ALIVE_S
        client.pexpire(key, 1)
        while client.exists(key):
            pass
    assert count_workers() == NOBODY


def test_forgetting_drops_the_workers_of_every_lane_and_nothing_else(settings: Settings) -> None:
    kept = f"{settings.REDIS_PREFIX}run:1"
    with connect() as client:
        client.set(kept, b"", ex=60)
    for lane in settings.LANES:
        announce_worker(hostname="one", lanes=[lane])
    forget_workers()
    assert count_workers() == NOBODY
    assert list_keys() == [kept.encode()]
    with connect() as client:
        client.delete(kept)


def test_forgetting_nobody_is_no_error() -> None:
    forget_workers()
    assert list_keys() == []


def test_without_redis_each_of_them_says_so(settings: Settings) -> None:
    settings.REDIS = locate_redis(home=settings.HOME, url="redis://127.0.0.1:1/0")
    with pytest.raises(RedisError):
        announce_worker(hostname="one", lanes=["batch"])
    with pytest.raises(RedisError):
        count_workers()
    with pytest.raises(RedisError):
        forget_workers()
