"""What the tests of the API share: a film, people with roles, a real server."""

import pytest

from assets.models import Role
from tests.builders import load, make_user, star
from tests.client import APIClient
from tests.staging import once


@once
def film() -> None:
    """Have the project `film`: the character hero, and three shots with it."""
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


@pytest.fixture
def as_admin(film: None) -> APIClient:
    """Return a client of somebody who may also say how the film is worked on."""
    del film
    return _sign_in(Role.ADMIN)


def _sign_in(role: Role) -> APIClient:
    client = APIClient()
    client.force_authenticate(make_user(role.value, roles={"film": role}))
    return client
