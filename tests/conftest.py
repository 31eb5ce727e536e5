"""What the tests share: a real Redis, real workers, a client of the API, production files."""

import gc
import shutil
import signal
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from threading import Event

import httpx
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from propagation.live.workers import count_workers
from tests.builders import make_user
from tests.client import APIClient
from tests.flushing import empty_fast
from tests.migrated import copy_migrated
from tests.processes import START_LIMIT_S, Workers, at_work, run_redis, run_workers
from tests.propagation.api.asking import make_token
from tests.server import Server, run_server
from tests.staging import sort_by_what_is_kept, take_back_for

empty_fast()
SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"

USES_DATABASE = frozenset({"db", "transactional_db", "django_db_setup"})


def pytest_configure() -> None:
    """Hear SIGINT, and have those that tests start hear it.

    A shell that runs tests beside something else has it ignored, which whatever they start would
    take over, and the tests that interrupt a process would wait for it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --stored and --every: for a second run of the suite, on another database."""
    parser.addoption("--stored", action="store_true", help="run what a database has a part in")
    parser.addoption(
        "--every", type=int, default=1, metavar="N", help="run each Nth test of a file only"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort tests by what is prepared; with --stored, leave out those that need no database."""
    sort_by_what_is_kept(items)
    stored = [one for one in items if not config.getoption("--stored") or _may_store(one)]
    by_file = groupby(stored, key=lambda one: one.path)
    kept = [one for _, some in by_file for one in list(some)[:: config.getoption("--every")]]
    config.hook.pytest_deselected(items=list(set(items) - set(kept)))
    items[:] = kept


def _may_store(item: pytest.Item) -> bool:
    if item.get_closest_marker("browser"):  # what a page looks like is the same on all
        return False
    names = set(getattr(item, "fixturenames", ()))
    is_marked = any(map(item.get_closest_marker, ("django_db", "workers")))
    return is_marked or bool(names & USES_DATABASE)


def pytest_collection_finish() -> None:
    """Keep the garbage collector from looking at all that was imported again and again.

    And let it look less often: by default it does 1 800 times in 600 tests of the API.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Show the test no rows that are kept for others of its module."""
    take_back_for(item)


@pytest.fixture(scope="session")
def migrated(pytestconfig: pytest.Config) -> Path:
    """Return a migrated SQLite database to copy; it is kept for other sessions, too."""
    assert pytestconfig.cache is not None
    path: Path = settings.HOME / "migrated.sqlite3"
    copy_migrated(pytestconfig.cache.mkdir("continuity-migrated"), path)
    return path


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """Begin with a copy of the migrated database, where it can be copied."""
    if connection.vendor == "sqlite":
        name = connection.settings_dict["TEST"]["NAME"]
        shutil.copyfile(request.getfixturevalue("migrated"), name)


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """Tell whether the database is there already; Django migrates what is missing in it."""
    return connection.vendor == "sqlite" or bool(request.config.getvalue("reuse_db"))


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
def announced_workers(workers: Workers) -> Workers:
    """Have workers that said so: each does with its next heartbeat."""
    until = time.monotonic() + START_LIMIT_S
    while not all(count_workers().values()) and time.monotonic() < until:
        Event().wait(0.02)
    return workers


@pytest.fixture(scope="session")
def server_process(django_db_setup: None) -> Iterator[Server]:
    """Run one web server on the test database."""
    del django_db_setup
    with run_server() as server:
        yield server


@pytest.fixture
def http(transactional_db: None, server_process: Server) -> Iterator[httpx.Client]:
    """Return a client of the real server that the director uses."""
    del transactional_db
    headers = {"Authorization": f"Bearer {make_token('director', '--superuser')}"}
    with httpx.Client(
        base_url=server_process.url, headers=headers, timeout=START_LIMIT_S, trust_env=False
    ) as client:
        yield client


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
