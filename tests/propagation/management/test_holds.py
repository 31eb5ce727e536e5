"""`holds` lists what waits for a person, and lets it go on or stay."""

import pytest

from propagation.models import PropagationRun
from tests.builders import change, drive, load, star
from tests.propagation.interchange.stored import count_rows
from tests.propagation.management.calling import call
from tests.propagation.management.test_impact import lock

pytestmark = pytest.mark.django_db


@pytest.fixture
def held() -> PropagationRun:
    """Have a run that left two of three shots held."""
    load(star(3))
    lock("shot-00000", "shot-00001")
    run = change("hero", colour="red").run
    assert run is not None
    return drive(run)


def test_holds_are_listed(held: PropagationRun) -> None:
    told = call("holds", "list", "film", "--json").json["holds"]
    assert [one["asset_id"] for one in told] == ["shot-00000", "shot-00001"]
    assert {one["run_id"] for one in told} == {held.pk}
    assert "locked-targets" in call("holds", "list").out
    assert call("holds", "list", "--rule", "another", "--json").json["holds"] == []
    assert call("holds", "list", "nowhere").code == 2


@pytest.mark.parametrize("which", [["--all"], ["--rule", "locked-targets"], ["--run", "held"]])
def test_holds_are_approved(held: PropagationRun, which: list[str]) -> None:
    named = [str(held.pk) if word == "held" else word for word in which]
    found = call("holds", "approve", "film", *named, "--note", "go on", "--json")
    run = PropagationRun.objects.get(pk=found.json["run_id"])
    assert (found.code, found.json["decided"], run.note) == (0, 2, "go on")
    drive(run)
    assert sorted(run.items.values_list("state", flat=True)) == ["applied", "applied"]


def test_holds_are_rejected(held: PropagationRun) -> None:
    found = call("holds", "reject", "film", "--rule", "locked-targets", "--note", "as it is")
    assert found.code == 0
    assert "2 holds rejected" in found.out
    assert held.items.filter(state="rejected", error="as it is").count() == 2


def test_where_nothing_waits_nothing_is_done(held: PropagationRun) -> None:
    before = count_rows()
    for verb in ("approve", "reject"):
        found = call("holds", verb, "film", "--rule", "another")
        assert (found.code, "0 holds" in found.out) == (0, True)
    assert count_rows() == before
    assert held.items.filter(state="held").count() == 2


def test_what_is_meant_must_be_said(held: PropagationRun) -> None:
    assert call("holds", "approve", "film").code == 2
    assert call("holds", "approve", "film", "--all", "--rule", "x").code == 2
    assert call("holds", "approve", "nowhere", "--all").code == 2
    assert held.items.filter(state="held").count() == 2
