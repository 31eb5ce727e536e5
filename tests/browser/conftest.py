"""One browser, one server and one production for all tests here."""

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import setup_databases, teardown_databases
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Route,
    sync_playwright,
)
from pytest_django import DjangoDbBlocker

from config.celery import app
from tests.browser.staging import Staged, stage
from tests.flushing import empty_tables
from tests.server import Server, run_server

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    # Pages that a test answers itself seem to be from elsewhere, and may not open sockets to here.
    "--disable-features=LocalNetworkAccessChecks",
)
POLICY = "default-src 'self'"
"""Every page has to work under this, whether or not the server asks for it already."""
LIMIT_MS = 10_000


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start the browser."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no browser at {CHROMIUM}: apt-get install chromium, or set CHROMIUM")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield found
        found.close()


@pytest.fixture(scope="package")
def database(
    browser: Browser, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Executor]:
    """Return a thread that may use the database: in this one Playwright's event loop runs."""
    del browser, django_db_setup
    # It ends with the process, as the main thread does: Celery has connections to Redis by thread.
    thread = ThreadPoolExecutor(max_workers=1)
    with django_db_blocker.unblock():
        made = thread.submit(_make_database).result()
        yield thread
        thread.submit(_leave_database, made).result()


def _make_database() -> list[Any]:
    """Empty the test database; make it where no other test of the session has asked for it."""
    given = connection.settings_dict
    is_there = given["NAME"] == given["TEST"]["NAME"]
    made = setup_databases(0, interactive=False, aliases={"default": None}) if not is_there else []
    empty_tables(None)
    return made


def _leave_database(made: list[Any]) -> None:
    backend: Any = app.backend
    backend._pending_results.concrete.clear()  # they say good-bye to Redis while there is one
    empty_tables(None)
    teardown_databases(made, verbosity=0)
    connections.close_all()


@pytest.fixture(scope="package")
def staged(database: Executor) -> Staged:
    """Commit the production, for the server to see."""
    return database.submit(stage).result()


@pytest.fixture(scope="package")
def server(staged: Staged) -> Iterator[Server]:
    """Run one web server."""
    del staged
    with run_server() as found:
        yield found


@pytest.fixture
def context(browser: Browser, server: Server, staged: Staged) -> Iterator[BrowserContext]:
    """Open a window of the director's."""
    base = server.url.removesuffix("/api/v1")
    found = browser.new_context(base_url=base, viewport={"width": 1280, "height": 900})
    found.set_default_timeout(LIMIT_MS)
    found.add_cookies([{"name": "sessionid", "value": staged.session, "url": base}])
    yield found
    found.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Open a tab in which each page has the strict policy; what one complains about fails."""
    context.route("**/*", _add_policy)
    found = context.new_page()
    complaints: list[str] = []
    found.on("pageerror", lambda error: complaints.append(str(error)))

    def hear(line: ConsoleMessage) -> None:
        # A page that is answered 409, with a text that says why, is one of ours.
        if line.type in ("error", "warning") and not line.text.endswith("(Conflict)"):
            complaints.append(line.text)

    found.on("console", hear)
    yield found
    assert complaints == []


@pytest.fixture
def examined(context: BrowserContext) -> Page:
    """Open a tab with axe-core, which styles what it looks at, in each page."""
    context.add_init_script(path=Path(__file__).parent / "axe.min.js")
    return context.new_page()


def _add_policy(route: Route) -> None:
    if route.request.resource_type != "document":
        route.continue_()
        return
    answer = route.fetch(max_redirects=0)
    route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": POLICY})
