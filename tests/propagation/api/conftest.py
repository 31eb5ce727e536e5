"""What the tests of the API share: a film, people with roles, a real server."""

from collections.abc import Iterator

import httpx
import pytest
from rest_framework.test import APIClient

from assets.models import Role
from tests.builders import load, make_user, star
from tests.processes import START_LIMIT_S
from tests.propagation.api.asking import make_token
from tests.propagation.api.server import Server, run_server


@pytest.fixture
def film(db: None) -> None:
    """Have the project `film`: the character hero, and three shots with it."""
    del db
    load(star(3))


@pytest.fixture
def as_viewer(film: None) -> APIClient:
    """Return a client of somebody who may only look at the film."""
    del film
    return _sign_in(Role.VIEWER)


@pytest.fixture
def as_artist(film: None) -> APIClient:
    """Return a client of somebody who may change the film."""
    del film
    return _sign_in(Role.ARTIST)


@pytest.fixture
def as_supervisor(film: None) -> APIClient:
    """Return a client of somebody who may also take the film back."""
    del film
    return _sign_in(Role.SUPERVISOR)


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


def _sign_in(role: Role) -> APIClient:
    client = APIClient()
    client.force_authenticate(make_user(role.value, roles={"film": role}))
    return client
