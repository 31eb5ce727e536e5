"""What a person decided is done as they decided it, or they are asked again."""

import json
from typing import Any

import pytest
from django.utils import timezone

from assets.models import Role
from propagation.models import Conflict, PropagationRun
from propagation.services.steer_run import pause_run
from tests.builders import get_content
from tests.client import APIClient
from tests.propagation.api.asking import Answer, post, read_problem, send
from tests.propagation.api.film.editing import clash, configure, edit, resolve, sign_in

pytestmark = pytest.mark.django_db
TEAL = {"wardrobe": {"value": "teal coat"}}


@pytest.fixture
def ana(film: None) -> APIClient:
    """Return a client of Ana, who dressed the hero in version 2."""
    del film
    client = sign_in("ana")
    assert edit(client, {"wardrobe": "red coat"}).status_code == 202
    return client


@pytest.fixture
def ben(ana: APIClient) -> APIClient:
    """Return a client of Ben."""
    del ana
    return sign_in("ben")


@pytest.fixture
def sue(ana: APIClient) -> APIClient:
    """Return a client of Sue, a supervisor."""
    del ana
    return sign_in("sue", Role.SUPERVISOR)


def find_open() -> list[dict[str, Any]]:
    """Return what waits for a person."""
    return list(Conflict.objects.filter(status="open").values())


@pytest.mark.parametrize("meanwhile", ["red coat", "blue coat"])
def test_a_field_that_came_together_by_itself_is_asked_for_again(
    ana: APIClient, ben: APIClient, meanwhile: str
) -> None:
    answer = clash(ana, ben)
    edit(ana, {"wardrobe": meanwhile})
    again = resolve(ben, answer, {"choices": TEAL})
    assert again.status_code == 409
    assert get_content("hero")["wardrobe"] == meanwhile
    assert resolve(ben, answer, {"choices": TEAL}).status_code == 202
    assert get_content("hero")["wardrobe"] == "teal coat"


def test_the_best_that_went_back_to_the_base_takes_no_choice_away(
    ana: APIClient, ben: APIClient, sue: APIClient
) -> None:
    answer = clash(ana, ben)
    send(sue, "PUT", "assets/hero/best", json.dumps({"version": 2}))
    assert resolve(ben, answer, {"choices": TEAL}).status_code == 409
    assert resolve(ben, answer, {"choices": TEAL}).status_code == 202
    assert get_content("hero")["wardrobe"] == "teal coat"


def test_choices_stay_while_somebody_is_in_the_way(
    ana: APIClient, ben: APIClient, sue: APIClient
) -> None:
    configure(leases_lock=True)
    answer = clash(ana, ben)
    post(ana, "assets/hero/leases", {"fields": ["wardrobe"]})
    told = resolve(ben, answer, {"choices": TEAL})
    assert (told.status_code, told.json()["conflicts"][0]["type"]) == (409, "simultaneous_edit")
    (kept,) = find_open()
    assert kept["choices"] == TEAL
    assert resolve(sue, answer, {"proceed": True}).status_code == 202
    assert get_content("hero")["wardrobe"] == "teal coat"


def test_one_edit_that_meets_two_things_is_one_conflict(
    ana: APIClient, ben: APIClient, sue: APIClient
) -> None:
    edit(ana, {"wardrobe": "green coat"}, 2)
    run = PropagationRun.objects.order_by("-pk")[0]
    pause_run(run_id=run.pk, actor=None, at=timezone.now())
    answer = edit(ben, {"wardrobe": "blue coat"}, 2)
    (told,) = answer.json()["conflicts"]
    assert told["type"] == "version_conflict"
    assert told["resolution_options"] == ["merge", "manual_resolution", "proceed", "withdraw"]
    assert f"Run {run.pk} of ana" in told["description"]
    assert resolve(sue, answer, {"choices": TEAL, "proceed": True}).status_code == 202
    assert get_content("hero")["wardrobe"] == "teal coat"
    assert not find_open()


def test_what_somebody_has_not_seen_they_do_not_choose(ana: APIClient, ben: APIClient) -> None:
    answer = clash(ana, ben)
    edit(ana, {"wardrobe": "grey coat"})
    resolve(ben, answer, {"choices": {"wardrobe": "base"}})
    late = resolve(ana, answer, {"choices": {"wardrobe": "theirs"}, "their_version": "hero_v3"})
    assert (late.status_code, get_content("hero")["wardrobe"]) == (409, "grey coat")
    wrong = resolve(ana, answer, {"their_version": "lamp_v3"})
    assert wrong.status_code == 422
    seen = {"choices": {"wardrobe": "theirs"}, "their_version": "hero_v4"}
    assert resolve(ana, answer, seen).status_code == 202


def test_whoever_resolves_the_conflict_of_another_keeps_their_own(
    ana: APIClient, ben: APIClient
) -> None:
    bens = clash(ana, ben)
    cas = sign_in("cas")
    edit(cas, {"wardrobe": "black coat"}, 2)
    assert resolve(cas, bens, {"choices": {"wardrobe": "yours"}}).status_code == 202
    assert [
        one.author and one.author.username for one in Conflict.objects.filter(status="open")
    ] == ["cas"]


def test_a_typed_null_stands_for_no_field(ana: APIClient, ben: APIClient) -> None:
    answer = clash(ana, ben)
    assert resolve(ben, answer, {"choices": {"wardrobe": {"value": None}}}).status_code == 202
    assert "wardrobe" not in get_content("hero")


def batch(client: APIClient, *changes: dict[str, Any]) -> Answer:
    """Change the hero several times in one request, from version 2."""
    asked = [{"asset_id": "hero", "changes": one, "base_version": 2} for one in changes]
    return post(client, "propagation/batch", {"asset_changes": asked})


def test_changes_of_one_entity_in_one_batch_are_one_edit(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"hat": "flat"}, 2)
    done = batch(ben, {"wardrobe": "blue coat"}, {"wardrobe": "teal coat", "belt": "wide"})
    assert done.status_code == 202, done.content
    assert [one["status"] for one in done.json()["results"]] == ["accepted", "accepted"]
    content = get_content("hero")
    assert [content[key] for key in ("wardrobe", "hat", "belt")] == ["teal coat", "flat", "wide"]
    assert not find_open()


def test_what_a_batch_left_to_a_person_it_does_not_close(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"wardrobe": "green coat"}, 2)
    done = batch(ben, {"wardrobe": "blue coat"}, {"belt": "wide"}).json()
    assert [one["status"] for one in done["results"]] == ["conflict", "accepted"]
    assert [one["id"] for one in find_open()] == [done["results"][0]["conflict_id"]]


def test_strict_projects_ask_about_each_field_by_its_own_path(
    ana: APIClient, ben: APIClient
) -> None:
    configure(strictness="strict")
    edit(ana, {"a.b": "1", "look": {"hair": "long"}, "size": 7})
    base = 3
    edit(ana, {"a.b": "2"}, base)
    answer = edit(ben, {"size": {"n": 5}, "look": {"brow": "dark"}}, base)
    fields = {one["field"]: one for one in answer.json()["conflicts"][0]["fields"]}
    assert set(fields) == {"a\\.b", "size", "look.brow"}
    choices = {"a\\.b": {"value": "3"}, "size": {"value": {"z": 1}}, "look.brow": "yours"}
    assert resolve(ben, answer, {"choices": choices}).status_code == 202
    content = get_content("hero")
    assert content["look"] == {"hair": "long", "brow": "dark"}
    assert (content["a.b"], content["size"], "a" in content) == ("3", {"z": 1}, False)


def test_strict_projects_do_not_ask_about_what_is_no_change(ana: APIClient, ben: APIClient) -> None:
    configure(strictness="strict")
    edit(ana, {"wardrobe": "green coat"}, 2)
    for data in ({"wardrobe": "green coat"}, {"wardrobe": "red coat"}):
        assert edit(ben, data, 2).status_code == 200, data
    assert not find_open()


def test_where_writes_are_strict_one_may_look_without_a_base(ana: APIClient) -> None:
    configure(strict_writes=True)
    change = {"asset_id": "hero", "change_data": {"hat": "tall"}}
    assert post(ana, "projects/film/rules/simulate", change).status_code == 200
    looked = post(ana, "assets/hero/propagate?dry_run=true", {"change_data": {"hat": "tall"}})
    assert looked.status_code == 200
    assert edit(ana, {"hat": "tall"}).status_code == 428


def test_a_base_that_never_was_is_the_fault_of_one_change_of_a_batch(ana: APIClient) -> None:
    asked = [
        {"asset_id": "hero", "changes": {"hat": "tall"}, "base_version": 99},
        {"asset_id": "shot-00001", "changes": {"mood": "dark"}, "base_version": 1},
    ]
    done = post(ana, "propagation/batch", {"asset_changes": asked})
    assert done.status_code == 202, done.content
    assert [one["status"] for one in done.json()["results"]] == ["rejected", "accepted"]


def test_a_typed_record_keeps_its_id_and_its_depth(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"props": [{"id": "a", "v": 1}, {"id": "b", "v": 1}], "deep": 1})
    edit(ana, {"props": [{"id": "b", "v": 1}], "deep": 2})
    answer = edit(ben, {"props": [{"id": "a", "v": 2}, {"id": "b", "v": 1}], "deep": 3}, 3)
    fields = [one["field"] for one in answer.json()["conflicts"][0]["fields"]]
    assert sorted(fields) == ["deep", "props[a]"]
    for value in ({"id": "b"}, {"v": 3}, 3):
        refused = resolve(ben, answer, {"choices": {"props[a]": {"value": value}}})
        assert read_problem(refused, 422, "invalid-choice")
    deep: object = 1
    for _ in range(27):
        deep = [deep]
    kept = resolve(ben, answer, {"choices": {"props[a]": {"value": {"id": "a", "v": 3}}}})
    assert kept.json()["conflict"]["left"] == 1
    done = resolve(ben, answer, {"choices": {"deep": {"value": deep}}})
    assert done.status_code == 202
    assert get_content("hero")["props"] == [{"id": "a", "v": 3}, {"id": "b", "v": 1}]


def test_a_choice_does_not_nest_deeper_than_content_may_be(ana: APIClient, ben: APIClient) -> None:
    def nest(value: object, levels: int) -> Any:  # noqa: ANN401 (any JSON value)
        return nest({"in": value}, levels - 1) if levels else value

    edit(ana, {"look": nest(1, 20)})
    edit(ana, {"look": nest(2, 20)}, 3)
    answer = edit(ben, {"look": nest(3, 20)}, 3)
    (field,) = answer.json()["conflicts"][0]["fields"]
    chosen = {"choices": {field["field"]: {"value": nest(4, 20)}}}
    read_problem(resolve(ben, answer, chosen), 422, "invalid-change")
    assert Conflict.objects.get(status="open").choices == {}
