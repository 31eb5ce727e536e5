"""manage.py alive: whether this very machine does its part."""

from socket import gethostname

import pytest
from pytest_django import Settings

from config.environment import locate_redis
from propagation.live.workers import announce_process, announce_worker, forget_workers
from tests.propagation.management.calling import USAGE, call


@pytest.fixture(autouse=True)
def own_prefix(settings: Settings) -> None:
    """Have keys of one's own: the suite's workers announce themselves too."""
    settings.REDIS_PREFIX += "alive:"
    forget_workers()


@pytest.mark.parametrize("role", ["scheduler", "courier", "realtime", "batch", "background"])
def test_who_said_so_here_is_alive(role: str) -> None:
    assert call("alive", role).code == 1
    here = f"{gethostname()}:1"
    if role in ("scheduler", "courier"):
        announce_process(role, hostname=here)
    else:
        announce_worker(hostname=here, lanes=[role])
    assert call("alive", role).code == 0


def test_who_said_so_on_another_machine_does_not_count() -> None:
    announce_worker(hostname=f"{gethostname()}-2:1", lanes=["batch"])
    refused = call("alive", "batch")
    assert (refused.code, refused.err) == (1, "No batch of this machine said lately that it lives.")


def test_without_redis_nobody_is_known_to_live(settings: Settings) -> None:
    settings.REDIS = locate_redis(home=settings.HOME, url="redis://127.0.0.1:1/0")
    refused = call("alive", "courier")
    assert refused.code == 1
    assert refused.err.startswith("Redis does not answer")


def test_an_unknown_role_is_refused() -> None:
    assert call("alive", "barber").code == USAGE
