"""What is prepared in the database once for all tests of a module."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from pytest_django import DjangoDbBlocker


@contextmanager
def kept_for_a_module(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Keep what the block has written, for as long as a fixture of a module waits inside it.

    Each test takes back what it does to that, as ever; what the block wrote goes in the end. Not
    for tests whose transactions are real.
    """
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)
