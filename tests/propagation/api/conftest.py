"""What the tests of the API share: a film, people with roles, a real server."""

from collections.abc import Iterator

import httpx
import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from assets.models import Role
from tests.builders import load, make_user, star
from tests.processes import START_LIMIT_S
from tests.propagation.api.asking import make_token
from tests.propagation.api.server import Server, run_server
from tests.staging import kept_for_a_module


@pytest.fixture
def film(db: None) -> None:
    """Have the project `film`: the character hero, and three shots with it."""
    del db
    load(star(3))


@pytest.fixture(scope="module")
def shared_film(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Have the film once for all tests of a module, each of which takes back what it does to it.

    A module that works on the film throughout has its `film` made from this one.
    """
    del django_db_setup
    with kept_for_a_module(django_db_blocker):
        load(star(3))
        yield


@pytest.fixture(scope="module")
def shared_director(shared_film: None, django_db_blocker: DjangoDbBlocker) -> User:
    """Have the director beside the shared film, to prepare more of it for all tests of a module."""
    del shared_film
    with django_db_blocker.unblock():
        return make_user("director", is_superuser=True)


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
