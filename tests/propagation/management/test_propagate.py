"""`propagate` asks, does exactly what was shown, and says by its exit code how it went."""

import sys
from io import StringIO

import pytest

from propagation.models import PropagationRun
from tests.builders import change, drive, get_entity, load, star
from tests.processes import Workers
from tests.propagation.interchange.stored import count_rows, read_content
from tests.propagation.management.calling import Terminal, call
from tests.propagation.management.test_impact import lock

pytestmark = pytest.mark.django_db
CHANGE = ("propagate", "hero", "--set", "coat=blue")


def test_without_anybody_to_ask_nothing_is_done_unless_yes_is_said() -> None:
    load(star(2))
    before = count_rows()
    for more in ([], ["--json"], ["--plan", "pl_x"]):
        found = call(*CHANGE, *more)
        assert found.code == 2
        assert "--yes" in found.err
    assert count_rows() == before


def test_with_yes_it_is_done_and_the_impact_shown() -> None:
    load(star(2))
    found = call(*CHANGE, "--yes", "--note", "Notes 12/3")
    run = PropagationRun.objects.get()
    assert found.code == 0
    assert "coat: nothing → blue" in found.out
    assert f"manage.py watch {run.pk}" in found.out
    assert (run.kind, run.note, run.actor, run.total) == ("change", "Notes 12/3", None, 2)
    assert read_content("hero")["coat"] == "blue"


def test_the_document_says_what_was_shown_and_what_was_done() -> None:
    load(star(2))
    told = call(*CHANGE, "--yes", "--json", "--mode", "batch").json
    run = PropagationRun.objects.get()
    assert told["preview"]["updates"] == 2
    assert (told["run_id"], told["version"], told["status"]) == (run.pk, "hero_v2", "accepted")
    assert (told["affected_entities"], told["held"]) == (2, 0)
    assert told["run"]["lanes"]["batch"]["queued"] == 2


def test_a_change_of_nothing_starts_nothing() -> None:
    load(star(2))
    before = count_rows()
    found = call("propagate", "hero", "--set", "name=Hero", "--yes")
    assert found.code == 0
    assert "hero_v1 is so already" in found.out
    assert count_rows() == before


@pytest.mark.parametrize(("answer", "code", "runs"), [("y\n", 0, 1), ("\n", 2, 0), ("no\n", 2, 0)])
def test_on_a_terminal_it_asks(
    monkeypatch: pytest.MonkeyPatch, answer: str, code: int, runs: int
) -> None:
    load(star(2))
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    found = call(*CHANGE, out=Terminal())
    assert "Do it? [y/N]" in found.out
    assert found.code == code
    assert PropagationRun.objects.count() == runs


def test_what_moved_while_it_asked_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changes the same entity before the answer comes."""
    load(star(2))

    class Slow(Terminal):
        def readline(self, _limit: int | None = -1, /) -> str:  # type: ignore[override]
            change("hero", coat="green")
            return "y\n"

    monkeypatch.setattr(sys, "stdin", Slow())
    found = call(*CHANGE, out=Terminal())
    assert found.code == 6
    assert "bases: hero" in found.err
    assert read_content("hero")["coat"] == "green"


def test_whoever_interrupts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    load(star(2))
    before = count_rows()

    class Impatient(Terminal):
        def readline(self, _limit: int | None = -1, /) -> str:  # type: ignore[override]
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Impatient())
    assert call(*CHANGE, out=Terminal()).code == 130
    assert count_rows() == before


def test_a_plan_is_carried_out_as_it_was_shown() -> None:
    load(star(2))
    token = call("impact", *CHANGE[1:], "--json").json["plan_token"]
    found = call(*CHANGE, "--plan", token, "--yes")
    assert found.code == 0
    assert read_content("hero")["coat"] == "blue"


def test_a_stale_plan_is_refused_with_what_differs() -> None:
    load(star(2))
    token = call("impact", *CHANGE[1:], "--json").json["plan_token"]
    lock("shot-00001")
    before = count_rows()
    found = call(*CHANGE, "--plan", token, "--yes")
    assert found.code == 6
    assert "changed: shot-00001" in found.err
    told = call(*CHANGE, "--plan", token, "--yes", "--json")
    assert told.code == 6
    assert told.json["error"]["code"] == "plan-stale"
    assert told.json["error"]["delta"]["changed"] == ["shot-00001"]
    assert count_rows() == before


def test_a_plan_of_what_was_done_already_is_stale() -> None:
    load(star(2))
    token = call("impact", *CHANGE[1:], "--json").json["plan_token"]
    change("hero", coat="blue")
    assert call(*CHANGE, "--plan", token, "--yes").code == 6


def test_an_unknown_plan_is_refused() -> None:
    load(star(2))
    found = call(*CHANGE, "--plan", "pl_nothing", "--yes")
    assert found.code == 2
    assert "no such plan" in found.err


def test_held_targets_end_with_4_and_excluded_ones_do_not() -> None:
    load(star(3))
    lock("shot-00001")
    told = call(*CHANGE, "--yes", "--json", "--exclude", "film:shot-00000", "shot-00002")
    run = PropagationRun.objects.get()
    assert told.code == 4
    assert told.json["held"] == 1
    assert "holds list film" in told.err
    states = dict(run.items.values_list("entity__code", "state"))
    assert states == {"shot-00000": "ignored", "shot-00001": "held", "shot-00002": "ignored"}
    again = call("propagate", "hero", "--set", "coat=red", "--yes", "--exclude", "shot-00001")
    assert again.code == 0


def test_a_locked_entity_is_a_conflict() -> None:
    load(star(1))
    lock("hero")
    before = count_rows()
    assert call(*CHANGE, "--yes").code == 3
    assert count_rows() == before


@pytest.mark.usefixtures("nobody_works")
def test_nobody_who_works_is_told_before_anything_is_done() -> None:
    load(star(1))
    before = count_rows()
    found = call(*CHANGE, "--yes", "--watch")
    assert found.code == 7
    assert "background" in found.err
    assert count_rows() == before


def test_a_bare_code_is_enough_where_it_is_unambiguous() -> None:
    load(star(1))
    load({"assets": [{"id": "other", "type": "prop"}]}, code="other")
    assert call("propagate", "other", "--set", "a=1", "--yes").code == 0
    assert get_entity("other", "other").versions.count() == 2


@pytest.mark.workers
def test_a_watched_change_ends_with_its_run(announced_workers: Workers) -> None:
    del announced_workers
    load(star(30))
    out = StringIO()
    found = call(*CHANGE, "--yes", "--watch", out=out)
    run = PropagationRun.objects.get()
    assert (found.code, run.status) == (0, "success")
    assert f"run {run.pk} success 30/30 background 30/30" in found.out
    assert f"run {run.pk}: success, 30 applied in" in found.out


@pytest.mark.workers
def test_on_a_terminal_bars_are_drawn_and_held_targets_told(announced_workers: Workers) -> None:
    del announced_workers
    load(star(5))
    lock("shot-00003")
    found = call(*CHANGE, "--yes", "--watch", out=Terminal())
    assert found.code == 4
    assert "━" in found.out
    assert "4/4" in found.out
    told = call("propagate", "hero", "--set", "coat=red", "--yes", "--watch", "--json")
    assert (told.code, told.json["status"], told.json["run"]["processed"]) == (4, "success", 4)


def test_the_run_brings_along_what_was_shown() -> None:
    load(star(2))
    call(*CHANGE, "--yes")
    run = drive(PropagationRun.objects.get())
    assert (run.status, run.total) == ("success", 2)
