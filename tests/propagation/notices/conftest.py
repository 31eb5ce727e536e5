"""What the tests of notifications share."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoDbBlocker

from assets.models import Role
from tests.builders import load, make_user
from tests.propagation.notices.telling import FILM, tell
from tests.staging import kept_for_a_module

Hire: TypeAlias = Callable[..., User]


@pytest.fixture(scope="module")
def shared_film(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Have the film, once for all tests of a module."""
    del django_db_setup
    with kept_for_a_module(django_db_blocker):
        load(FILM)
        tell()
        yield


@pytest.fixture
def hire(shared_film: None, db: None) -> Hire:
    """Return how to make people with a role in the film."""
    del shared_film, db

    def make(name: str, role: Role = Role.ARTIST) -> User:
        return make_user(name, roles={"film": role})

    return make
