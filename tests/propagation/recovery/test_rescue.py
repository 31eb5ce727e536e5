"""Rescue: what a worker began and cannot end any more is delivered again; the living are left."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from propagation.execution.apply import claim_batch
from propagation.execution.attempt import attempt_batch
from propagation.models import PropagationBatch, PropagationRun
from propagation.recovery.rescue import rescue_batches
from tests.builders import change, load, star

LATER = timedelta(seconds=settings.LEASE_S + 1)


def begin() -> PropagationRun:
    """Return a run whose first batch was begun by somebody who wrote no more since."""
    load(star(2))
    run = change("hero", description="new").run
    assert run
    run.batches.update(deliveries=1, delivered_at=timezone.now())
    return run


@contextmanager
def held(run: PropagationRun) -> Iterator[None]:
    """Hold the lock on the run's first batch, as a worker does, on another connection."""
    is_held, is_over = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                assert claim_batch(run.pk, 0)
                is_held.set()
                is_over.wait()
        finally:
            connection.close()

    thread = Thread(target=hold)
    thread.start()
    is_held.wait()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@pytest.mark.django_db
def test_a_batch_whose_worker_died_is_delivered_again_once() -> None:
    begin()
    now = timezone.now()
    assert rescue_batches(at=now) == 0
    assert rescue_batches(at=now + LATER) == 1
    assert rescue_batches(at=now + LATER) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one lock, not one per row")
def test_a_batch_that_somebody_holds_is_left_alone() -> None:
    run = begin()
    with held(run):
        assert rescue_batches(at=timezone.now() + LATER) == 0
    assert rescue_batches(at=timezone.now() + LATER) == 1


@pytest.mark.django_db
def test_an_attempt_that_ended_with_an_error_is_no_death() -> None:
    """Its chord tries it again; whoever rescued it would only take an attempt away."""
    run = begin()
    run.batches.update(deliveries=0, delivered_at=None)
    run.items.update(level=1)
    PropagationBatch.objects.filter(run=run).update(size=1)
    run.items.order_by("-pk")[0].delete()
    connection.cursor().execute("DELETE FROM versions_head")
    attempt_batch(run_id=run.pk, number=0, at=timezone.now())
    batch = run.batches.get()
    assert (batch.deliveries, batch.delivered_at) == (1, None)
    assert rescue_batches(at=timezone.now() + LATER) == 0
