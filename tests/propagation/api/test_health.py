"""Health: open to everybody, and honest about what is missing."""

import pytest
from django.test import Client
from pytest_django import Settings

from config.environment import locate_redis
from tests.processes import Workers

pytestmark = pytest.mark.django_db
LANES = ["realtime", "batch", "background"]


def test_a_process_that_answers_lives() -> None:
    answer = Client().get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_lanes_without_workers_are_named(settings: Settings) -> None:
    settings.REDIS_PREFIX = "nobody:"
    answer = Client().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "degraded",
        "missing": [f"worker: {lane}" for lane in LANES],
    }


def test_a_redis_that_is_away_is_named(settings: Settings) -> None:
    settings.REDIS = locate_redis(home=settings.HOME, url="redis://127.0.0.1:1/0")
    answer = Client().get("/health/ready")
    assert answer.status_code == 503
    (missing,) = answer.json()["missing"]
    assert missing.startswith("redis")


@pytest.mark.workers
def test_with_a_worker_per_lane_all_is_ready(announced_workers: Workers) -> None:
    assert list(announced_workers.by_lane) == LANES
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "missing": []})
