"""How fast workers were is read from the batches that they did last."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from propagation.execution.rates import read_sizes
from propagation.models import PropagationBatch
from propagation.planning.sizing import BOUNDS
from tests.builders import change, drive, load, star

pytestmark = pytest.mark.django_db


def test_a_run_says_how_large_its_batches_are_and_each_batch_what_it_took() -> None:
    usual = BOUNDS["batch"].usual
    load(star(usual + 200))
    run = change("hero", description="new").run
    assert run is not None
    assert run.batch_sizes == {"batch": usual}
    drive(run)
    assert sorted(run.batches.values_list("size", flat=True)) == [200, usual]
    assert not run.batches.exclude(took_ms__gte=1).exists()


def test_the_next_run_has_batches_of_what_its_workers_do_in_half_a_second() -> None:
    load(star(1500))
    first = change("hero", description="new").run
    assert first is not None
    drive(first)
    first.batches.update(took_ms=1500)  # 1 500 targets
    second = change("hero", description="newer").run
    assert second is not None
    assert second.batch_sizes == {"batch": 500}, "at least so many, however slow"
    first.batches.update(took_ms=1000)
    third = change("hero", description="newest").run
    assert third is not None
    assert third.batch_sizes == {"batch": 750}


def test_batches_of_a_few_targets_tell_nothing() -> None:
    load(star(5))
    run = change("hero", description="new").run
    assert run is not None
    drive(run)
    assert PropagationBatch.objects.exclude(took_ms=None).exists()
    assert read_sizes().rates == {}


def test_nothing_is_asked_where_all_sizes_are_set(settings: Settings) -> None:
    settings.BATCH_SIZES = dict.fromkeys(settings.LANES, 3)
    with CaptureQueriesContext(connection) as captured:
        assert read_sizes().choose(lane="batch", count=9) == 3
    assert len(captured) == 0
