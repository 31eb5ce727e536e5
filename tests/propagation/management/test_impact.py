"""`impact` says what a change would do, and writes the plan of it and nothing else."""

import pytest

from propagation.models import StoredPlan
from tests.builders import chain, change, drive, get_entity, load, star
from tests.propagation.interchange.stored import count_rows
from tests.propagation.management.calling import call
from versions.services.entity_lock import set_entity_locks

pytestmark = pytest.mark.django_db


def lock(*codes: str) -> None:
    """Lock these entities, as a supervisor does."""
    entities = [get_entity(code) for code in codes]
    set_entity_locks(
        project_id=entities[0].project_id,
        entity_ids=[one.pk for one in entities],
        is_locked=True,
        reason="",
        actor=None,
        at=entities[0].created_at,
    )


def test_only_the_plan_is_written() -> None:
    load(star(3))
    before = count_rows()
    found = call("impact", "hero", "--set", "wardrobe=blue coat", "--json").json
    after = count_rows()
    assert after.pop("propagation.StoredPlan") == before.pop("propagation.StoredPlan") + 1
    assert after == before
    assert StoredPlan.objects.get().token == found["plan_token"]


def test_fields_verdicts_lanes_rules_time_and_memory_are_said() -> None:
    load(star(4))
    lock("shot-00002")
    arguments = ["hero", "--set", "look.coat=blue", "--exclude", "shot-00001", "--items"]
    found = call("impact", *arguments, "--json").json
    assert found["base_version"] == "hero_v1"
    assert found["fields"] == [{"field": "look", "before": None, "after": {"coat": "blue"}}]
    assert found["verdicts"] == {"update": 2, "hold": 1, "ignore": 1, "pinned": 0}
    assert found["phases"] == [{"type": "background", "count": 2}]
    assert found["held"] == [{"rule": "locked-targets", "count": 1}]
    assert found["impact"]["estimate"] == "no estimate yet"
    assert found["impact"]["memory_impact"] > 0
    by_code = {one["id"]: one for one in found["items"]}
    assert by_code["shot-00000"]["path"] == ["hero", "shot-00000"]
    assert by_code["shot-00000"]["lane"] == "background"
    assert (by_code["shot-00002"]["verdict"], by_code["shot-00002"]["lane"]) == ("hold", None)
    text = call("impact", *arguments)
    assert text.code == 0
    for part in ('look: nothing → {"coat":"blue"}', "2 update", "1 by locked-targets", "pl_"):
        assert part in text.out
    assert "hero → shot-00000" in text.out


def test_the_mode_names_the_lane() -> None:
    load(star(2))
    found = call("impact", "hero", "--set", "a=1", "--mode", "realtime", "--json").json
    assert found["phases"] == [{"type": "realtime", "count": 2}]


def test_after_some_runs_there_is_an_estimate() -> None:
    load(star(2))
    for colour in ("red", "green", "blue"):
        run = change("hero", colour=colour).run
        assert run is not None
        drive(run)
    impact = call("impact", "hero", "--set", "a=1", "--json").json["impact"]
    assert impact["estimate"] == "measured"
    assert impact["estimated_processing_time"]["sample"] == 3


def test_a_change_of_nothing_has_no_plan() -> None:
    load(star(2))
    found = call("impact", "hero", "--set", "name=Hero", "--json")
    assert (found.code, found.json["plan_token"], found.json["updates"]) == (0, None, 0)
    assert not StoredPlan.objects.exists()
    assert "nothing would change" in call("impact", "hero", "--set", "name=Hero").out


def test_names_with_brackets_are_shown_as_they_are() -> None:
    load(star(1))
    assert (
        "[bold]x[/bold] :smile:" in call("impact", "hero", "--set", "a=[bold]x[/bold] :smile:").out
    )


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["nobody", "--set", "a=1"], 2, "nobody"),
        (["hero", "--set", "a=1"], 2, "film:hero, other:hero"),
        (["film:hero", "--set", "a"], 2, "assigns nothing"),
        (["film:hero", "--set", "id=x"], 2, "id is not content"),
        (["film:hero", "--set", "a=1", "--exclude", "nobody"], 2, "nobody"),
        (["film:hero", "--set", "a=1", "--mode", "swift"], 2, "swift"),
        (["film:hero"], 2, "--set"),
        (["film:shot-00000", "--set", "a=1"], 3, "locked"),
        (["film:h\udcffero", "--set", "a=1"], 2, "surrogate"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_changes_nothing(
    arguments: list[str], code: int, word: str
) -> None:
    load(star(1))
    load(star(1), code="other")
    lock("shot-00000")
    before = count_rows()
    found = call("impact", *arguments)
    assert found.code == code
    assert word in found.err
    assert found.out == ""
    assert "Traceback" not in found.err
    assert count_rows() == before


def test_an_error_is_a_document_too() -> None:
    load(chain(1))
    load(chain(1), code="other")
    found = call("impact", "a0", "--set", "a=1", "--json")
    assert found.code == 2
    assert found.json["error"]["candidates"] == ["film:a0", "other:a0"]
