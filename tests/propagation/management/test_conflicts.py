"""`conflicts` shows edits that wait for a person, and decides about them."""

import pytest
from django.utils import timezone

from propagation.models import Conflict, PropagationRun
from propagation.services.steer_run import pause_run
from tests.builders import change, get_content, load, make_user, star
from tests.propagation.management.calling import call

pytestmark = pytest.mark.django_db
STALE = ("propagate", "hero", "--set", "coat=blue", "--set", "hat=tall", "--base", 1, "--yes")


@pytest.fixture
def conflict() -> Conflict:
    """Have an edit that clashes."""
    load(star(2))
    change("hero", coat="red")
    found = call(*STALE)
    assert found.code == 3
    assert "Somebody changed coat since v1. Nothing was written." in found.err
    stored: Conflict = Conflict.objects.get()
    return stored


def test_it_is_listed_and_shown(conflict: Conflict) -> None:
    (told,) = call("conflicts", "list", "film", "--json").json["conflicts"]
    assert (told["id"], told["left"], told["edit"]) == (
        conflict.pk,
        1,
        {"coat": "blue", "hat": "tall"},
    )
    assert "version_conflict" in call("conflicts", "list").out
    shown = call("conflicts", "show", conflict.pk).out
    assert "red" in shown
    assert "1 left to choose" in shown
    assert call("conflicts", "show", 99).code == 2


@pytest.mark.parametrize(
    ("choice", "coat"), [("--take=coat=yours", "blue"), ('--set=coat="teal"', "teal")]
)
def test_it_is_resolved(conflict: Conflict, choice: str, coat: str) -> None:
    assert call("conflicts", "resolve", conflict.pk).code == 3
    found = call("conflicts", "resolve", conflict.pk, choice, "--note", "agreed", "--json")
    assert (found.code, found.json["conflict"]["status"]) == (0, "resolved")
    assert (get_content("hero")["coat"], get_content("hero")["hat"]) == (coat, "tall")
    assert call("conflicts", "resolve", conflict.pk, choice).code == 3


def test_it_is_dismissed(conflict: Conflict) -> None:
    assert call("conflicts", "dismiss", conflict.pk, "--note", "old").code == 0
    assert get_content("hero")["coat"] == "red"
    assert call("conflicts", "list", "--json").json["conflicts"] == []


@pytest.mark.parametrize(
    "wrong", ["--take=hat=yours", "--take=coat=mine", "--take=coat", "--proceed"]
)
def test_what_is_no_choice_is_refused(conflict: Conflict, wrong: str) -> None:
    assert call("conflicts", "resolve", conflict.pk, wrong).code == 2
    assert Conflict.objects.get().choices == {}


def test_a_script_is_told_of_the_conflict(conflict: Conflict) -> None:
    told = call(*STALE, "--json").json
    assert (told["status"], told["conflicts"][0]["cause"]) == ("conflict", "version")


def test_what_somebody_paused_is_not_overtaken_without_asking() -> None:
    load(star(2))
    run = change("hero", coat="red").run
    assert run is not None
    PropagationRun.objects.filter(pk=run.pk).update(actor=make_user("ana"))
    pause_run(run_id=run.pk, actor=None, at=timezone.now())
    assert call("propagate", "hero", "--set", "coat=blue", "--yes").code == 3
    pk = Conflict.objects.get().pk
    assert call("conflicts", "resolve", pk, "--proceed").code == 0
    assert get_content("hero")["coat"] == "blue"
