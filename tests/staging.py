"""What is prepared in the database once for all tests of a module."""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby
from typing import Any, TypeVar

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

T = TypeVar("T")

_names: set[str] = set()
_kept: list[tuple[str, ExitStack]] = []


@contextmanager
def kept_for_a_module(blocker: DjangoDbBlocker, name: str = "") -> Iterator[None]:
    """Keep what the block has written, for as long as a fixture of a module waits inside it.

    Each test takes back what it does to that, as ever; what the block wrote goes in the end, or
    when a test comes for which it is not there. name: of the fixture; without one, all tests of
    the module need it.
    """
    with blocker.unblock(), ExitStack() as stack:
        stack.enter_context(_taken_back())
        _kept.append((name, stack))
        yield
        if (name, stack) in _kept:
            _kept.remove((name, stack))


@contextmanager
def _taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def once(prepare: Callable[[], T]) -> Any:  # noqa: ANN401 (a fixture)
    """Make a fixture of it: what it writes is there once for all tests of a module that ask for it.

    What it returns must not be changed; so rather ids and codes than rows.
    """
    name = prepare.__name__
    _names.add(name)

    def fixture(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[T]:
        del django_db_setup
        with kept_for_a_module(django_db_blocker, name):
            yield prepare()

    return pytest.fixture(scope="module", name=name)(fixture)


def sort_by_what_is_kept(items: list[pytest.Item]) -> None:
    """Put the tests of each module together that ask for the same, and those for nothing last."""

    def list_asked(item: pytest.Item) -> tuple[bool, list[str]]:
        asked = [name for name in _list_fixtures(item) if name in _names]
        return not asked, asked

    by_module = groupby(items, key=lambda item: item.path)
    items[:] = [item for _, some in by_module for item in sorted(some, key=list_asked)]


def take_back_for(item: pytest.Item) -> None:
    """Take back what is kept and not for this test; all, if its transactions are real."""
    asked = {"", *_list_fixtures(item)}
    marker = item.get_closest_marker("django_db")
    if "transactional_db" in asked or (marker and marker.kwargs.get("transaction")):
        asked.clear()
    while _kept and _kept[-1][0] not in asked:
        _kept.pop()[1].close()


def _list_fixtures(item: pytest.Item) -> Collection[str]:
    names: Collection[str] = getattr(item, "fixturenames", ())
    return names
