"""Health: open to everybody, and honest about what is missing."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config.environment import locate_redis
from propagation.live.workers import announce_process, announce_worker, forget_workers
from propagation.models import Event, LogReader
from propagation.notices.making import make_notices
from propagation.webhooks.queueing import queue_webhooks
from tests.builders import load, star
from tests.processes import Workers
from tests.server import run_server

LANES = ["realtime", "batch", "background"]
WORKERS = [f"worker: {lane}" for lane in LANES]
NAMES = ["database", "events: notices", "events: webhooks", "redis", *WORKERS]
NAMES += ["scheduler", "courier"]


@pytest.fixture
def staffed(settings: Settings) -> Iterator[None]:
    """Have a worker per lane, a scheduler and a courier that say they live."""
    settings.REDIS_PREFIX += "staffed:"
    announce_worker(hostname="one", lanes=LANES)
    for kind in ("scheduler", "courier"):
        announce_process(kind, hostname="one")
    yield
    forget_workers()


def test_a_process_that_answers_lives_whatever_became_of_the_database(settings: Settings) -> None:
    settings.REDIS = locate_redis(home=settings.HOME, url="redis://127.0.0.1:1/0")
    # This test may not use the database: a statement would fail it.
    answer = Client().get("/health/live", headers={"Cookie": "sessionid=abc"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_with_all_that_is_needed_all_is_ready(staffed: None) -> None:
    answer = Client().get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "missing": [], "checks": dict.fromkeys(NAMES, "ok")}


@pytest.mark.django_db
def test_what_nobody_does_is_named(settings: Settings) -> None:
    settings.REDIS_PREFIX = "nobody:"
    answer = Client().get("/health/ready")
    assert answer.status_code == 503
    body = answer.json()
    assert (body["status"], body["missing"]) == ("degraded", [*WORKERS, "scheduler", "courier"])


@pytest.mark.django_db
def test_one_lane_without_a_worker_is_enough(staffed: None, settings: Settings) -> None:
    forget_workers()
    announce_worker(hostname="one", lanes=["realtime", "background"])
    for kind in ("scheduler", "courier"):
        announce_process(kind, hostname="one")
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["worker: batch"])


@pytest.mark.django_db
def test_a_redis_that_is_away_is_named_and_what_it_knows_is_unknown(settings: Settings) -> None:
    settings.REDIS = locate_redis(home=settings.HOME, url="redis://127.0.0.1:1/0")
    answer = Client().get("/health/ready")
    assert answer.status_code == 503
    body = answer.json()
    assert (body["status"], body["missing"]) == ("degraded", ["redis"])
    assert {body["checks"][name] for name in (*WORKERS, "scheduler", "courier")} == {"unknown"}


@pytest.mark.django_db
def test_a_courier_that_does_not_keep_up_is_named(staffed: None) -> None:
    load(star(1))
    Event.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    assert Client().get("/health/ready").json()["missing"] == [
        "events: notices",
        "events: webhooks",
    ]
    queue_webhooks(at=timezone.now())
    body = Client().get("/health/ready").json()
    assert (body["status"], body["checks"]["events: notices"]) == ("degraded", "late")
    assert body["missing"] == ["events: notices"]
    make_notices(at=timezone.now())
    assert LogReader.objects.count() == 2
    assert Client().get("/health/ready").status_code == 200


def test_a_database_that_is_away_is_named_at_once_and_the_process_lives() -> None:
    nowhere = {"DATABASE_URL": "postgres://somebody@127.0.0.1:1/nowhere"}
    with run_server(nowhere) as server, httpx.Client(trust_env=False, timeout=20) as client:
        root = server.url.removesuffix("/api/v1")
        assert client.get(f"{root}/health/live").status_code == 200
        answer = client.get(f"{root}/health/ready")
        assert answer.status_code == 503
        body = answer.json()
        assert (body["status"], body["missing"][0]) == ("unavailable", "database")
        assert body["checks"]["events: notices"] == "unknown"
        assert "somebody" not in answer.text
        assert "not_ready database" in server.read_log()


@pytest.mark.workers
def test_real_workers_are_seen(announced_workers: Workers) -> None:
    assert list(announced_workers.by_lane) == LANES
    checks = Client().get("/health/ready").json()["checks"]
    assert {checks[name] for name in ("database", "redis", *WORKERS)} == {"ok"}
