"""What the ways of writing leave behind is what the product leaves behind."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from assets.models import Project
from bench.speed.graphs import SHAPES
from bench.speed.product import find_code
from bench.speed.raw import TARGETS, store_targets, write_raw
from bench.speed.slow import check_slow
from bench.speed.story import propagate_as_in_the_story
from bench.speed.taking import publish_source
from bench.speed.verify import WrongResultError, verify_run
from propagation.management.benchmark.loading import Film, load_film
from propagation.models import PropagationBatch, PropagationItem
from propagation.recovery.consistency import check_project
from tests.builders import change, drive
from versions.models import Consumption, Head, Version, VersionInput
from versions.services.verify import Verification, verify_history

pytestmark = pytest.mark.django_db(transaction=True)
SIZE = 30
FREE = {"id", "run", "run_id", "checksum", "created_at", "batch", "before", "version"}
"""Columns that differ between any two runs."""


@pytest.fixture(params=SHAPES)
def film(request: pytest.FixtureRequest) -> Film:
    nodes = SHAPES[request.param](SIZE)
    return load_film(code="film", nodes=nodes, at=timezone.now())


def propagate(film: Film) -> int:
    """Let the product bring everything up to date; return the run's id."""
    outcome = change(find_code(film), description="changed")
    assert outcome.run is not None
    return drive(outcome.run).pk


def list_rows(run_id: int) -> dict[str, list[Any]]:
    """Return the rows of a run without what differs between any two, by table."""
    return {
        "versions": read(Version.objects.filter(run_id=run_id), {*FREE, "number"}),
        "items": read(PropagationItem.objects.filter(run=run_id), FREE),
        "inputs": read(
            VersionInput.objects.filter(version__run_id=run_id), {*FREE, "source_version"}
        ),
        "input of": list(
            VersionInput.objects.filter(version__run_id=run_id)
            .order_by("version__entity", "source")
            .values_list("version__entity", "source", "source_version__entity")
        ),
    }


def read(rows: QuerySet[Any], free: set[str]) -> list[Any]:
    names = [one.name for one in rows.model._meta.concrete_fields if one.name not in free]
    return sorted(map(repr, rows.values_list(*names)))


def read_pointers(film: Film) -> list[Any]:
    """Return whether heads and consumptions point at what runs made, and in which number."""
    heads = Head.objects.filter(entity__project=film.project_id).exclude(entity=film.first_id)
    consumed = Consumption.objects.filter(reference__project=film.project_id)
    return [
        *(
            (pk, best == latest, best is None)
            for pk, best, latest in heads.order_by("pk").values_list(
                "pk", "best__run_id", "latest__run_id"
            )
        ),
        *(
            (pk, run is None)
            for pk, run in consumed.order_by("pk").values_list("pk", "version__run_id")
        ),
    ]


def find_flaws(film: Film) -> list[Any]:
    """Return what is outdated, and which checksums are not those of their rows."""
    project = Project.objects.get(pk=film.project_id)
    return [
        *check_project(project=project).exceptions,
        *verify_history(project=project, done=Verification()),
    ]


def test_what_is_loaded_is_sound_and_up_to_date(film: Film) -> None:
    assert not find_flaws(film)


def test_the_product_does_its_work_on_what_was_loaded(film: Film) -> None:
    run_id = propagate(film)
    verify_run(film=film, run_id=run_id)
    assert not find_flaws(film)


def test_raw_sql_writes_the_rows_that_the_product_writes(film: Film) -> None:
    by_product = propagate(film)
    pointers = read_pointers(film)
    store_targets(film)
    take = publish_source(film)
    _, by_hand = write_raw(take, has_items=True)
    verify_run(film=film, run_id=by_hand)
    assert list_rows(by_hand) == list_rows(by_product)
    assert read_pointers(film) == pointers
    made = Version.objects.filter(run_id=by_hand)
    assert {len(one) for one in made.values_list("checksum", flat=True)} == {64}
    done = PropagationBatch.objects.filter(run=by_hand, done_at__isnull=False)
    assert sum(done.values_list("applied", flat=True)) == SIZE
    verify_run(film=film, run_id=propagate(film))


def test_raw_sql_without_items_brings_everything_up_to_date(film: Film) -> None:
    store_targets(film)
    _, run_id = write_raw(publish_source(film), has_items=False)
    verify_run(film=film, run_id=run_id, has_items=False)
    assert not PropagationItem.objects.exists()


def test_the_story_writes_the_rows_that_the_product_writes(film: Film) -> None:
    by_product = propagate(film)
    sample = propagate_as_in_the_story(publish_source(film), limit_s=60)
    check_slow(film, sample)
    assert not sample.is_extrapolated
    assert list_rows(sample.run_id) == list_rows(by_product)
    assert not find_flaws(film), "its checksums are those of the product"


def test_what_is_stopped_at_the_limit_is_extrapolated() -> None:
    film = load_film(code="film", nodes=SHAPES["star"](60), at=timezone.now())
    sample = propagate_as_in_the_story(publish_source(film), limit_s=0)
    check_slow(film, sample)
    assert (sample.done, sample.targets, sample.is_extrapolated) == (50, 60, True)
    assert sample.seconds == pytest.approx(sample.measured_s * 1.2)


def test_a_target_that_was_left_out_is_found() -> None:
    film = load_film(code="film", nodes=SHAPES["star"](5), at=timezone.now())
    store_targets(film)
    left_out = film.first_id + 1
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TARGETS} WHERE entity_id = %s", [left_out])  # noqa: S608
    _, run_id = write_raw(publish_source(film), has_items=True)
    with pytest.raises(WrongResultError, match="outdated references"):
        verify_run(film=film, run_id=run_id)
