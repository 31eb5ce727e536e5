"""`watch` follows a run to its end, and says by its exit code which end that was."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from config.environment import locate_redis
from propagation.execution.advance import continue_run
from propagation.execution.apply import fail_batch
from propagation.live.workers import announce_worker
from propagation.models import PropagationRun
from propagation.services.steer_run import cancel_run
from tests.builders import change, drive, load, star
from tests.propagation.management.calling import Called, Terminal, call


def start(colour: str = "red") -> PropagationRun:
    """Start a run that nobody takes up."""
    run = change("hero", colour=colour).run
    assert run is not None
    return run


def fail(run: PropagationRun) -> None:
    """Let every batch of the run fail."""
    continue_run(run_id=run.pk, generation=run.generation, at=timezone.now())
    for number in run.batches.values_list("number", flat=True):
        fail_batch(run_id=run.pk, number=number, error="no disk", at=timezone.now())
    drive(run)


@pytest.fixture
def film(db: None) -> None:
    """Have a film of three shots."""
    load(star(3))


@pytest.fixture
def in_background() -> Iterator[ThreadPoolExecutor]:
    """Return a pool of one thread."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool


def watch_in_thread(run: PropagationRun, out: StringIO) -> Called:
    """Watch the run with a connection of one's own."""
    try:
        return call("watch", run.pk, out=out)
    finally:
        connection.close()


@pytest.mark.usefixtures("film")
def test_a_run_that_is_over_is_told_at_once() -> None:
    run = drive(start())
    found = call("watch", run.pk)
    assert found.code == 0
    assert f"run {run.pk}: success, 3 applied in" in found.out
    told = call("watch", run.pk, "--json").json
    assert (told["id"], told["status"], told["progress"]) == (run.pk, "success", 100.0)
    assert told["counts"] == {"applied": 3, "unchanged": 0, "failed": 0, "skipped": 0, "held": 0}


@pytest.mark.usefixtures("film")
def test_failed_items_end_with_5() -> None:
    run = start()
    fail(run)
    found = call("watch", run.pk)
    assert found.code == 5
    assert f"runs retry {run.pk}" in found.err


@pytest.mark.usefixtures("film")
def test_a_cancelled_run_ends_with_3() -> None:
    run = start()
    cancel_run(run_id=run.pk, actor=None, at=timezone.now())
    assert call("watch", run.pk).code == 3


@pytest.mark.usefixtures("film")
def test_whichever_run_took_over_is_followed() -> None:
    first, second = start(), start("blue")
    drive(first)
    drive(second)
    told = call("watch", first.pk)
    assert told.code == 0
    assert f"run {second.pk} took over" in told.out
    assert call("watch", first.pk, "--json").json["id"] == second.pk


@pytest.mark.usefixtures("film", "nobody_works")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_run_that_nobody_works_for_ends_with_7(more: list[str]) -> None:
    run = start()
    found = call("watch", run.pk, *more)
    assert found.code == 7
    assert "background" in found.err
    if more:
        assert found.json["status"] == "accepted"


@pytest.mark.usefixtures("film")
@pytest.mark.parametrize("run_id", ["99", "x", "-1", str(2**63), "99999999999999999999"])
def test_an_unknown_run_ends_with_2(run_id: str) -> None:
    assert call("watch", "--", run_id).code == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("nobody_works")
@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_run_is_followed_while_it_moves(
    settings: Settings, in_background: ThreadPoolExecutor, *, is_terminal: bool
) -> None:
    """A thread watches while this one does the run step by step."""
    settings.BATCH_SIZES = dict.fromkeys(settings.LANES, 10)
    load(star(40))
    run = start()
    announce_worker(hostname="this test", lanes=django_settings.LANES)
    watched = in_background.submit(watch_in_thread, run, Terminal() if is_terminal else StringIO())
    drive(run)
    found = watched.result()
    assert found.code == 0
    assert "40/40" in found.out
    assert f"run {run.pk}: success, 40 applied" in found.out


@pytest.mark.usefixtures("film", "nobody_works")
def test_without_redis_no_worker_can_be_reached(settings: Settings) -> None:
    run = start()
    settings.REDIS = locate_redis(home=settings.HOME, url="redis://127.0.0.1:1/0")
    assert call("watch", run.pk).code == 7
    found = call("propagate", "hero", "--set", "a=1", "--yes", "--watch")
    assert found.code == 7
    assert "Redis does not answer" in found.err
    status = call("status", "--json")
    assert (status.code, status.json["workers"]) == (0, None)
    assert "Redis does not answer" in call("status").out
