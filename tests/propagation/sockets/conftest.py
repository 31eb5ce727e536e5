"""What the tests of the WebSocket share."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User

from assets.models import Role
from tests.builders import load, make_user, star
from tests.server import Server, run_server


@pytest.fixture(scope="session")
def quick_server(django_db_setup: None) -> Iterator[Server]:
    """Run a server that checks often who may stay, and lets a user connect twice."""
    del django_db_setup
    environment = {
        "CONTINUITY_SOCKET_CHECK_S": "0.2",
        "CONTINUITY_SOCKETS_PER_USER": "2",
    }
    with run_server(environment) as server:
        yield server


@pytest.fixture
def ben(transactional_db: None) -> User:
    """Have the project `film`, the character hero and three shots with it; return its artist."""
    del transactional_db
    load(star(3))
    return make_user("ben", roles={"film": Role.ARTIST})
