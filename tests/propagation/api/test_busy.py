"""While somebody else holds what a request needs, it is told to come back, and changes nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.utils import timezone

from propagation.api.work import _hash
from propagation.models import IdempotencyKey
from tests.builders import get_entity, load, star
from tests.client import APIClient
from tests.propagation.api.asking import nothing_written, post, read_problem
from versions.models import Head
from versions.services.heads import lock_heads

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "assets/hero/propagate"
CHANGE = {"change_data": {"colour": "blue"}}
PATIENCE_MS = 100
KEY = "one-and-the-same"


@contextmanager
def held_elsewhere(user: User) -> Iterator[None]:
    """Have another connection that works on the hero, for a request with the key, meanwhile."""
    is_held, is_over = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                lock_heads(Head.objects.filter(entity=get_entity("hero")))
                IdempotencyKey.objects.create(
                    scope=_hash(f"{user.pk} {KEY} /api/v1/{PATH}".encode()),
                    user=user,
                    fingerprint="of another request",
                    created_at=timezone.now(),
                )
                is_held.set()
                is_over.wait()
                transaction.set_rollback(True)
        finally:
            is_held.set()
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        is_held.wait()
        try:
            yield
        finally:
            is_over.set()
            holding.result()


@pytest.fixture
def impatient(transactional_db: None) -> Iterator[None]:
    """Let this connection wait for a tenth of a second."""
    del transactional_db
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        pragma, parameter = f"PRAGMA busy_timeout={PATIENCE_MS}", f"SET lock_timeout={PATIENCE_MS}"
        cursor.execute(pragma if is_sqlite else parameter)
    yield
    connection.close()


@pytest.mark.usefixtures("impatient")
def test_a_change_that_cannot_get_its_lock_is_told_to_come_back(
    director: User, api: APIClient
) -> None:
    load(star(1))
    with nothing_written():
        with held_elsewhere(director):
            answer = post(api, PATH, CHANGE)
        read_problem(answer, 503, "busy")
    assert answer["Retry-After"] == "1"
    assert post(api, PATH, CHANGE).status_code == 202


@pytest.mark.usefixtures("impatient")
def test_a_request_that_is_being_worked_on_is_not_done_again(
    director: User, api: APIClient
) -> None:
    load(star(1))
    with nothing_written():
        with held_elsewhere(director):
            answer = post(api, PATH, CHANGE, HTTP_IDEMPOTENCY_KEY=KEY)
        if connection.vendor == "sqlite":  # where one writer waits for another, whatever they do
            read_problem(answer, 503, "busy")
        else:
            read_problem(answer, 409, "idempotency-in-progress")
    assert answer["Retry-After"] == "1"
    assert post(api, PATH, CHANGE, HTTP_IDEMPOTENCY_KEY=KEY).status_code == 202
