"""PUT /assets/{id}/best: which version of a slot is the best, and what follows it."""

import json
from typing import Any

import pytest

from propagation.models import PropagationRun
from tests.builders import change, drive, get_entity, load
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    list_pointers,
    nothing_written,
    post,
    read_problem,
    send,
)
from versions.models import BestChoice, Head, Version

pytestmark = pytest.mark.django_db
PATH = "assets/hero/best"
LAMP = {
    "assets": [
        {"id": "oak", "type": "prop"},
        {"id": "lamp", "type": "prop", "depends_on": ["oak"]},
        {"id": "pier", "type": "location", "depends_on": ["lamp"]},
    ]
}


def choose(
    api: APIClient, version: object, path: str = PATH, slot: str = "", **headers: str
) -> Answer:
    """Choose the best version of a slot, by default of the definition."""
    body = {"version": version, **({"slot": slot} if slot else {})}
    return send(api, "PUT", path, json.dumps(body), **headers)


def get_numbers(code: str = "hero", slot: str = "definition") -> tuple[int, int]:
    """Return the numbers of the best and of the latest version."""
    head = Head.objects.get(entity__code=code, slot=slot)
    return head.best.number, head.latest.number


def finish(answer: Answer) -> PropagationRun:
    """Bring the run of an answer to its end."""
    assert answer.status_code == 202, answer.content
    return drive(PropagationRun.objects.get(pk=answer.json()["run_id"]))


def change_and_finish(code: str, **fields: Any) -> None:  # noqa: ANN401
    """Change an entity and bring its run to its end."""
    run = change(code, **fields).run
    assert run
    drive(run)


def list_used(code: str) -> dict[str, int]:
    """Return which versions of its sources the entity consumed."""
    return {
        reference.source.code: reference.consumption.version.number
        for reference in get_entity(code).uses.all()
    }


@pytest.fixture
def colours(film: None) -> None:
    """Have three versions of the hero, the shots at the third."""
    del film
    for colour in ("blue", "red"):
        change_and_finish("hero", colour=colour, name=colour)


@pytest.fixture
def posters(film: None, api: APIClient) -> None:
    """Have three posters of the hero, the first the best."""
    del film
    urls = [f"https://cdn.example/{number}" for number in (1, 2, 3)]
    body = {"slot": "poster", "type": "image", "urls": urls}
    assert post(api, "assets/hero/versions", body).status_code == 201


@pytest.fixture
def lamp(db: None) -> None:
    """Have oak → lamp → pier."""
    del db
    load(LAMP)


def test_the_best_of_media_moves_and_no_run_starts(posters: None, api: APIClient) -> None:
    answer = choose(api, 3, slot="poster")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "success",
        "run_id": None,
        "status_url": None,
        "version": "hero/poster_v3",
        "affected_entities": 0,
    }
    assert answer["ETag"] == '"hero/poster_v3"'
    assert get_numbers(slot="poster") == (3, 3)
    assert not PropagationRun.objects.exists()


def test_the_best_of_media_goes_back_and_forth(posters: None, api: APIClient) -> None:
    for number in (2, 1, 3, 1):
        choose(api, number, slot="poster")
        assert get_numbers(slot="poster") == (number, 3)
    chosen = BestChoice.objects.order_by("pk").values_list("version__number", flat=True)
    assert list(chosen) == [1, 2, 1, 3, 1]
    assert Version.objects.filter(slot="poster").count() == 3


def test_a_choice_says_who_and_why(posters: None, api: APIClient) -> None:
    body = {"version": 2, "slot": "poster", "note": "the light"}
    send(api, "PUT", PATH, json.dumps(body))
    choice = BestChoice.objects.latest("pk")
    assert choice.author
    assert (choice.version.number, choice.author.username, choice.reason) == (
        2,
        "director",
        "the light",
    )


def test_a_definition_made_from_what_is_used_now_only_moves_the_pointer(
    colours: None, api: APIClient
) -> None:
    answer = choose(api, 2)
    run = PropagationRun.objects.latest("pk")
    assert answer.status_code == 202
    assert answer.json() == {
        "status": "accepted",
        "run_id": run.pk,
        "status_url": f"/api/v1/runs/{run.pk}",
        "version": "hero_v2",
        "affected_entities": 3,
    }
    assert (answer["ETag"], answer["Location"]) == ('"hero_v2"', f"/api/v1/runs/{run.pk}")
    assert run.kind == "best"
    assert get_numbers() == (2, 3)
    shown = api.get("/api/v1/assets/hero").json()
    assert (shown["name"], shown["best"], shown["latest"]) == ("blue", "hero_v2", "hero_v3")


def test_the_dependents_follow_the_best(colours: None, api: APIClient) -> None:
    assert list_used("shot-00001") == {"hero": 3}
    for number in (1, 2, 3):
        run = finish(choose(api, number))
        assert (run.status, run.total) == ("success", 3)
        assert list_used("shot-00001") == {"hero": number}
    assert get_numbers() == (3, 3)
    assert get_numbers("shot-00001") == (6, 6)


def test_what_follows_the_latest_stays_there(colours: None, api: APIClient) -> None:
    edge = {"source": "hero", "target": "shot-00000", "role": "character", "follow": "latest"}
    post(api, "edges", edge)
    finish(choose(api, 1))
    assert (list_used("shot-00000"), list_used("shot-00001")) == ({"hero": 3}, {"hero": 1})


def test_a_change_starts_from_the_best(colours: None, api: APIClient) -> None:
    finish(choose(api, 1))
    answer = post(api, "assets/hero/propagate", {"change_data": {"hat": "tall"}})
    assert answer.json()["version"] == "hero_v4"
    shown = api.get("/api/v1/assets/hero").json()
    assert shown["content"] == {"name": "Hero", "description": "as cast", "hat": "tall"}
    assert get_numbers() == (4, 4)


def test_a_definition_made_from_older_inputs_is_published_anew(lamp: None, api: APIClient) -> None:
    change_and_finish("lamp", watts=40)
    change_and_finish("lamp", watts=60)
    change_and_finish("oak", age=100)
    assert (get_numbers("lamp"), list_used("lamp")) == ((4, 4), {"oak": 2})
    answer = choose(api, 2, "assets/lamp/best")
    assert answer.json()["version"] == "lamp_v5"
    finish(answer)
    assert (get_numbers("lamp"), list_used("lamp")) == ((5, 5), {"oak": 2})
    shown = api.get("/api/v1/assets/lamp/versions/5").json()
    assert (shown["origin"], shown["reverts"], shown["content"]["watts"]) == (
        "reverted",
        "lamp_v2",
        40,
    )
    assert list_used("pier") == {"lamp": 5}


def test_a_definition_made_from_what_is_used_now_is_found_among_older_ones(
    lamp: None, api: APIClient
) -> None:
    change_and_finish("oak", age=100)
    change_and_finish("lamp", watts=40)
    finish(choose(api, 2, "assets/lamp/best"))
    assert (get_numbers("lamp"), list_used("pier")) == ((2, 3), {"lamp": 2})


def test_an_older_best_is_rebuilt_when_its_source_changes(lamp: None, api: APIClient) -> None:
    change_and_finish("lamp", watts=40)
    finish(choose(api, 1, "assets/lamp/best"))
    change_and_finish("oak", age=100)
    shown = api.get("/api/v1/assets/lamp").json()
    assert (shown["best"], shown["latest"]) == ("lamp_v3", "lamp_v3")
    assert "watts" not in shown["content"]
    assert list_used("lamp") == {"oak": 2}


def test_the_content_that_is_current_is_not_published_anew(lamp: None, api: APIClient) -> None:
    change_and_finish("oak", age=100)
    with nothing_written():
        answer = choose(api, 1, "assets/lamp/best")
    assert (answer.status_code, answer.json()["version"]) == (200, "lamp_v2")


def test_choosing_what_is_the_best_already_writes_nothing(
    colours: None, posters: None, api: APIClient
) -> None:
    with nothing_written():
        for number, slot in ((3, ""), (1, "poster")):
            answer = choose(api, number, slot=slot)
            assert (answer.status_code, answer.json()["run_id"]) == (200, None)


def test_a_dry_run_of_a_definition_tells_what_would_follow(colours: None, api: APIClient) -> None:
    with nothing_written():
        answer = choose(api, 1, f"{PATH}?dry_run=true")
    assert answer.status_code == 200
    found = answer.json()
    assert (found["dry_run"], found["base_version"]) == (True, "hero_v3")
    assert found["fields"] == [
        {"field": "colour", "before": "red", "after": None},
        {"field": "name", "before": "red", "after": "Hero"},
    ]
    assert found["affected_entities"] == choose(api, 1).json()["affected_entities"] == 3


def test_a_dry_run_of_equal_content_tells_what_would_follow_too(film: None, api: APIClient) -> None:
    change_and_finish("hero", colour="blue")
    change_and_finish("hero", colour=None)
    with nothing_written():
        preview = choose(api, 1, f"{PATH}?dry_run=true").json()
    assert preview["fields"] == []
    assert preview["affected_entities"] == choose(api, 1).json()["affected_entities"] == 3


def test_a_dry_run_of_media_tells_what_differs(posters: None, api: APIClient) -> None:
    with nothing_written():
        answer = choose(api, 2, f"{PATH}?dry_run=true", slot="poster")
    found = answer.json()
    assert (answer.status_code, found["base_version"]) == (200, "hero/poster_v1")
    assert [one["field"] for one in found["fields"]] == ["url"]
    assert found["affected_entities"] == 0


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
@pytest.mark.parametrize(("slot", "best"), [("", "hero_v3"), ("poster", "hero/poster_v1")])
def test_a_choice_that_started_from_another_best_is_refused(
    colours: None, posters: None, api: APIClient, slot: str, best: str, query: str
) -> None:
    other = best[:-1] + "2"
    with nothing_written():
        answer = choose(api, 2, f"{PATH}{query}", slot, HTTP_IF_MATCH=f'"{other}"')
    assert read_problem(answer, 412, "version-conflict")["current_version"] == best
    assert answer["ETag"] == f'"{best}"'
    accepted = choose(api, 2, f"{PATH}{query}", slot, HTTP_IF_MATCH=answer["ETag"])
    assert accepted.status_code in (200, 202)


@pytest.mark.parametrize(
    ("slot", "header"),
    [
        ("", "x"),
        ("", '"hero/poster_v1"'),
        ("poster", '"hero_v3"'),
        ("poster", '"hero/icon_v1"'),
        ("poster", 'W/"hero/poster_v1"'),
    ],
)
def test_what_is_no_version_of_the_slot_is_refused(
    colours: None, posters: None, api: APIClient, slot: str, header: str
) -> None:
    with nothing_written():
        answer = choose(api, 2, PATH, slot, HTTP_IF_MATCH=header)
    read_problem(answer, 400, "bad-etag")


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
@pytest.mark.parametrize(
    ("number", "slot", "code"),
    [
        (4, "", "version-not-found"),
        (2**31 - 1, "", "version-not-found"),
        (4, "poster", "version-not-found"),
        (1, "clip", "slot-not-found"),
    ],
)
def test_a_version_that_never_was_is_not_found(
    posters: None, api: APIClient, number: int, slot: str, code: str, query: str
) -> None:
    with nothing_written():
        read_problem(choose(api, number, f"{PATH}{query}", slot), 404, code)


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
@pytest.mark.parametrize(("number", "slot"), [(1, ""), (2, "poster")])
def test_a_locked_entity_keeps_its_best(
    colours: None, posters: None, api: APIClient, number: int, slot: str, query: str
) -> None:
    send(api, "PUT", "assets/hero/lock", '{"is_locked": true}')
    with nothing_written():
        read_problem(choose(api, number, f"{PATH}{query}", slot), 423, "locked")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", None),
        ("version", 0),
        ("version", "hero_v1"),
        ("version", 2**31),
        ("version", 1.5),
        ("slot", "Poster"),
        ("slot", None),
        ("note", "n" * 2001),
    ],
)
def test_a_wrong_field_is_named(film: None, api: APIClient, field: str, value: object) -> None:
    with nothing_written():
        answer = send(api, "PUT", PATH, json.dumps({"version": 1, field: value}))
    assert list_pointers(read_problem(answer, 422, "validation-error")) == [f"/{field}"]


def test_the_project_itself_has_a_best_definition(film: None, api: APIClient) -> None:
    post(api, "assets/film:/propagate", {"change_data": {"name": "Second cut", "fps": 24}})
    answer = choose(api, 1, "assets/film:/best")
    assert answer.status_code == 202, answer.content
    shown = api.get("/api/v1/projects/film").json()
    assert (shown["name"], shown["details"]) == ("film", {})
    finish(choose(api, 2, "assets/film:/best"))
    shown = api.get("/api/v1/projects/film").json()
    assert (shown["name"], shown["details"]) == ("Second cut", {"fps": 24})
