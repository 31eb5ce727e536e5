"""What the tests share: a real Redis, real workers, a client of the API, production files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tests.builders import make_user
from tests.processes import Workers, at_work, run_redis, run_workers

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def redis_server() -> Iterator[None]:
    """Run a Redis for the session: the one that REDIS_URL names, or a private one."""
    with run_redis():
        yield


@pytest.fixture(scope="session")
def worker_processes(django_db_setup: None) -> Iterator[Workers]:
    """Run one real Celery worker per lane on the test database."""
    del django_db_setup
    with run_workers() as workers:
        yield workers


@pytest.fixture
def workers(transactional_db: None, worker_processes: Workers) -> Iterator[Workers]:
    """Have workers that see what the test commits, and are at work for this test only."""
    del transactional_db
    with at_work(worker_processes):
        yield worker_processes


@pytest.fixture
def director(db: None) -> User:
    """Return somebody who may do everything."""
    del db
    return make_user("director", is_superuser=True)


@pytest.fixture
def api(director: User) -> APIClient:
    """Return a client of the API that the director uses."""
    client = APIClient()
    client.force_authenticate(director)
    return client


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real productions; skips where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the productions in ../shared/data are absent")
    return SHARED_DATA
