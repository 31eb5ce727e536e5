"""Who changes something says what follows: all, nothing yet, what a person lets go, or some."""

from typing import Any

import pytest

from propagation.models import PropagationRun
from propagation.recovery.consistency import check_project
from tests.builders import drive, get_entity, load, star
from tests.client import APIClient
from tests.propagation.api.asking import nothing_written, post, read_problem

pytestmark = pytest.mark.django_db

RED: dict[str, Any] = {"change_data": {"colour": "red"}}


@pytest.fixture(autouse=True)
def film() -> None:
    """Have a hero in three shots."""
    load(star(3))


def change(api: APIClient, **how: object) -> dict[str, str]:
    """Change the hero, do the run, and return what became of each shot."""
    answer = post(api, "assets/hero/propagate", {**RED, **how})
    assert answer.status_code == 202, answer.content
    run = drive(PropagationRun.objects.get(pk=answer.json()["run_id"]))
    assert not check_project(project=run.project).exceptions
    return dict(run.items.values_list("entity__code", "state"))


def count_outdated(api: APIClient) -> int:
    found: int = api.get("/api/v1/projects/film/propagation-status").json()["out_of_date"]
    return found


def test_marked_they_are_outdated_for_all_to_see(api: APIClient) -> None:
    assert set(change(api, propagation_mode="mark").values()) == {"ignored"}
    assert count_outdated(api) == 3
    nodes = api.get("/api/v1/assets/hero/dependencies").json()["nodes"]
    assert {node["state"] for node in nodes} == {"outdated"}
    assert set(change(api, change_data={"colour": "blue"}).values()) == {"applied"}
    assert count_outdated(api) == 0


def test_by_hand_they_wait_for_a_person(api: APIClient) -> None:
    assert set(change(api, propagation_mode="manual").values()) == {"held"}
    answer = post(api, "projects/film/holds/approve", {"rule": "manual"})
    drive(PropagationRun.objects.get(pk=answer.json()["run_id"]))
    assert count_outdated(api) == 0


@pytest.mark.parametrize("code", ["shot-00001", "film:shot-00001"])
def test_what_is_excluded_stays_as_it_is_and_outdated(api: APIClient, code: str) -> None:
    states = change(api, exclude=[code])
    assert states == {"shot-00000": "applied", "shot-00001": "ignored", "shot-00002": "applied"}
    assert count_outdated(api) == 1
    assert get_entity("shot-00001").propagation_items.get().rule == "excluded"


def test_a_dry_run_leaves_out_the_same(api: APIClient) -> None:
    body = {**RED, "exclude": ["shot-00001"]}
    with nothing_written():
        answer = post(api, "assets/hero/propagate?dry_run=true&items=true", body).json()
    assert answer["skipped"] == [{"rule": "excluded", "count": 1}]
    assert [one["verdict"] for one in answer["items"]] == ["update", "ignore", "update"]


def test_what_is_not_there_cannot_be_excluded(api: APIClient) -> None:
    load(star(1), code="other")
    for code in ("shot-9", "other:shot-00000"):
        with nothing_written():
            answer = post(api, "assets/film:hero/propagate", {**RED, "exclude": [code]})
        assert repr(code) in read_problem(answer, 404, "not-found")["detail"]


def test_a_roll_back_leaves_out_too(api: APIClient) -> None:
    change(api)
    body = {"version_number": 1, "reason": "no", "exclude": ["shot-00000"]}
    run_id = post(api, "assets/hero/rollback", body).json()["run_id"]
    run = drive(PropagationRun.objects.get(pk=run_id))
    assert run.items.get(state="ignored").entity.code == "shot-00000"
