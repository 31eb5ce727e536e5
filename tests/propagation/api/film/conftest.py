"""The film and its director, there once for all tests of a module."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoDbBlocker

from tests.builders import load, make_user, star
from tests.staging import kept_for_a_module


@pytest.fixture(scope="module")
def shared_director(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[User]:
    """Have the film, and its director, to prepare more of it for all tests of a module."""
    del django_db_setup
    with kept_for_a_module(django_db_blocker):
        load(star(3))
        yield make_user("director", is_superuser=True)


@pytest.fixture
def film(shared_director: User) -> None:
    """Have the film; each test takes back what it does to it."""
    del shared_director


@pytest.fixture
def director(shared_director: User) -> User:
    """Return the one who prepared the film."""
    return shared_director
