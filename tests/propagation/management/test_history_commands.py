"""`versions`, `best` and `rollback`: what an entity was, and how it becomes that again."""

import pytest

from propagation.models import PropagationRun
from tests.builders import change, drive, load, make_media, star
from tests.propagation.interchange.stored import count_rows, read_content
from tests.propagation.management.calling import call
from tests.propagation.management.test_impact import lock
from tests.staging import once
from versions.models import Head

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("film")]


@once
def film() -> None:
    """Have a hero with three versions."""
    load(star(3))
    for colour in ("red", "blue"):
        run = change("hero", colour=colour).run
        assert run is not None
        drive(run)


def get_best(slot: str = "definition") -> int:
    return Head.objects.get(entity__code="hero", slot=slot).best.number


def test_versions_are_listed_newest_first_with_their_marks() -> None:
    told = call("versions", "hero", "--json").json
    assert [one["id"] for one in told["versions"]] == ["hero_v3", "hero_v2", "hero_v1"]
    assert told["versions"][0]["is_best"] is True
    assert told["versions"][2]["origin"] == "imported"
    text = call("versions", "hero").out
    assert "best, latest" in text
    assert "authored" in text


def test_the_versions_of_a_slot_are_listed() -> None:
    make_media("hero", "poster", count=2)
    told = call("versions", "hero", "--slot", "poster", "--json").json["versions"]
    assert [one["id"] for one in told] == ["hero/poster_v2", "hero/poster_v1"]
    found = call("versions", "hero", "--slot", "postr")
    assert found.code == 2
    assert "poster" in found.err


def test_the_best_is_chosen() -> None:
    before = count_rows()
    told = call("best", "hero", 2, "--dry-run", "--json").json
    assert (told["updates"], told["fields"][0]["after"]) == (3, "red")
    assert call("best", "hero", 2, "--dry-run").code == 0
    assert count_rows() == before
    told = call("best", "hero", 2, "--note", "better", "--json").json
    run = PropagationRun.objects.get(pk=told["run_id"])
    assert (run.kind, run.note, told["version"], get_best()) == ("best", "better", "hero_v2", 2)
    assert call("best", "hero", 2).code == 0


def test_the_best_of_a_slot_is_chosen_without_a_run() -> None:
    make_media("hero", "poster", count=2)
    other = 3 - get_best("poster")
    told = call("best", "hero", other, "--slot", "poster", "--json").json
    assert (told["run"], told["version"]) == (None, f"hero/poster_v{other}")
    assert get_best("poster") == other


def test_a_roll_back_is_shown_and_writes_nothing() -> None:
    before = count_rows()
    told = call("rollback", "hero", "--to", 1, "--reason", "as cast", "--dry-run", "--json").json
    assert (told["updates"], told["versions_between"]) == (3, ["hero_v3", "hero_v2"])
    assert "3 update" in call("rollback", "hero", "--to", 1, "--reason", "x", "--dry-run").out
    assert count_rows() == before


def test_a_roll_back_is_done() -> None:
    told = call("rollback", "hero", "--to", 2, "--reason", "as shot", "--json").json
    run = PropagationRun.objects.get(pk=told["run_id"])
    assert (run.kind, run.note) == ("rollback", "as shot")
    assert (told["rolled_back_to"], told["version"]) == ("hero_v2", "hero_v4")
    assert read_content("hero")["colour"] == "red"
    assert drive(run).status == "success"


def test_what_people_changed_since_is_named() -> None:
    change("shot-00001", mood="dark")
    found = call("rollback", "hero", "--to", 1, "--reason", "as cast")
    assert "shot-00001 keeps what the operator changed since" in found.out


def test_held_targets_end_with_4() -> None:
    lock("shot-00001")
    assert call("rollback", "hero", "--to", 2, "--reason", "x").code == 4
    assert call("best", "hero", 1).code == 4


@pytest.mark.usefixtures("nobody_works")
def test_a_watched_roll_back_needs_workers() -> None:
    before = count_rows()
    assert call("rollback", "hero", "--to", 1, "--reason", "x", "--watch").code == 7
    assert count_rows() == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["best", "hero", "9"], 2),
        (["best", "hero", "9", "--slot", "poster"], 2),
        (["best", "hero", "99999999999"], 2),
        (["best", "nobody", "1"], 2),
        (["best", "shot-00000", "1"], 3),
        (["rollback", "hero", "--to", "9", "--reason", "x"], 2),
        (["rollback", "hero", "--to", "1"], 2),
        (["rollback", "shot-00000", "--to", "1", "--reason", "x"], 3),
        (["versions", "nobody"], 2),
    ],
)
def test_what_cannot_be_changes_nothing(arguments: list[str], code: int) -> None:
    lock("shot-00000")
    before = count_rows()
    found = call(*arguments)
    assert found.code == code, found.err
    assert count_rows() == before
