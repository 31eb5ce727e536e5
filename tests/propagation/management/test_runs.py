"""`runs` lists, steers and takes back."""

import pytest
from pytest_django import Settings

from propagation.models import PropagationRun
from tests.builders import drive, load, star
from tests.processes import Workers
from tests.propagation.interchange.stored import count_rows, read_content
from tests.propagation.management.calling import call
from tests.propagation.management.test_following import fail, start
from tests.propagation.management.test_impact import lock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def film(settings: Settings) -> None:
    """Have a film of four shots, and batches of two."""
    settings.BATCH_SIZES = dict.fromkeys(settings.LANES, 2)
    load(star(4))


def get_status(run: PropagationRun) -> str:
    run.refresh_from_db()
    return run.status


def test_a_run_is_paused_resumed_and_cancelled() -> None:
    run = start()
    told = call("runs", "pause", run.pk, "--json")
    assert (told.code, told.json["status"]) == (0, "paused")
    assert call("runs", "resume", run.pk).code == 0
    assert get_status(run) == "running"
    assert call("runs", "cancel", run.pk, "--watch").code == 0
    assert get_status(run) == "cancelled"


def test_a_run_in_the_wrong_state_is_a_conflict() -> None:
    run = drive(start())
    before = count_rows()
    for verb in ("pause", "resume", "cancel", "retry"):
        found = call("runs", verb, run.pk)
        assert found.code == 3, verb
        assert str(run.pk) in found.err
    assert count_rows() == before


def test_steering_a_run_with_held_targets_is_no_commit() -> None:
    lock("shot-00001")
    run = start()
    assert call("runs", "pause", run.pk).code == 0


def test_what_failed_is_tried_again() -> None:
    run = start()
    fail(run)
    assert call("runs", "retry", run.pk).code == 0
    assert drive(run).status == "success"
    assert run.attempts == 2


def test_targets_are_left_out() -> None:
    run = start()
    told = call("runs", "skip", run.pk, "shot-00001", "film:shot-00002", "--json").json
    assert told == {"run_id": run.pk, "skipped": 2, "too_late": 0}
    drive(run)
    states = sorted(run.items.values_list("state", flat=True))
    assert states == ["applied", "applied", "skipped", "skipped"]
    assert call("runs", "skip", run.pk, "shot-00001").code == 3
    assert call("runs", "skip", run.pk, "nobody").code == 2


def test_an_undo_is_shown_and_writes_nothing() -> None:
    run = drive(start())
    before = count_rows()
    told = call("runs", "undo", run.pk, "--dry-run", "--json").json
    assert told["fields"] == [{"id": "hero", "field": "colour", "before": "red", "after": None}]
    assert (told["returned"], told["kept"], told["updates"]) == (["hero"], [], 4)
    text = call("runs", "undo", run.pk, "--dry-run")
    assert "hero colour: red → nothing" in text.out
    assert "4 update" in text.out
    assert count_rows() == before


def test_a_run_is_taken_back() -> None:
    run = drive(start())
    told = call("runs", "undo", run.pk, "--reason", "not the look", "--json").json
    back = PropagationRun.objects.get(pk=told["run_id"])
    assert (back.undo_of_id, back.note, told["returned"]) == (run.pk, "not the look", ["hero"])
    assert "colour" not in read_content("hero")
    assert drive(back).status == "success"


def test_some_targets_go_back_by_themselves() -> None:
    run = drive(start())
    told = call("runs", "undo", run.pk, "--item", "shot-00001", "--json").json
    assert told["returned"] == ["shot-00001"]
    assert read_content("hero")["colour"] == "red"


def test_what_was_changed_since_is_a_conflict() -> None:
    run = drive(start())
    drive(start("blue"))
    found = call("runs", "undo", run.pk)
    assert found.code == 3
    assert "hero" in found.err
    assert "changed since, so that it stays: hero" in call("runs", "undo", run.pk, "--dry-run").out


def test_an_undo_that_leaves_targets_held_ends_with_4() -> None:
    run = drive(start())
    lock("shot-00001")
    assert call("runs", "undo", run.pk).code == 4


@pytest.mark.usefixtures("nobody_works")
def test_nothing_is_begun_while_one_watches_and_nobody_works() -> None:
    run = drive(start())
    other = start("blue")
    call("runs", "pause", other.pk)
    before = count_rows()
    assert call("runs", "resume", other.pk, "--watch").code == 7
    assert get_status(other) == "paused"
    assert call("runs", "undo", other.pk, "--watch").code == 7
    assert count_rows() == before
    assert get_status(run) == "success"


def test_runs_are_listed_newest_first() -> None:
    load(star(1), code="other")
    first, second = start(), start("blue")
    told = call("runs", "list", "film", "--json").json["runs"]
    assert [one["id"] for one in told][:2] == [second.pk, first.pk]
    assert {one["project_id"] for one in told} == {"film"}
    assert "change" in call("runs", "list").out
    assert call("runs", "list", "nowhere").code == 2


def test_a_verb_is_needed_and_a_run_too() -> None:
    assert call("runs").code == 2
    assert call("runs", "undo").code == 2
    assert call("runs", "pause", 999).code == 2


@pytest.mark.workers
def test_a_watched_undo_ends_with_its_run(announced_workers: Workers) -> None:
    del announced_workers
    load(star(4), code="workers")
    call("propagate", "workers:hero", "--set", "colour=red", "--yes", "--watch")
    run = PropagationRun.objects.get(project__code="workers")
    told = call("runs", "undo", run.pk, "--watch", "--json")
    assert (told.code, told.json["status"]) == (0, "success")
