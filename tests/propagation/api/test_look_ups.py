"""GET /projects/{id}/best: what many slots stand at, in as many statements as one."""

import re
from typing import Any

import pytest

from tests.builders import change, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    count_statements,
    list_pointers,
    post,
    read_problem,
    send,
)
from versions.services import registry

pytestmark = pytest.mark.django_db
HERO = "type=characters&id=hero"
URL = "https://cdn.example/{}.png"


@pytest.fixture
def posters(film: None, api: APIClient) -> None:
    """Have three posters of the hero: the 1st is the best, the 2nd approved, the 3rd the latest."""
    del film
    urls = [URL.format(number) for number in (1, 2, 3)]
    publish(api, "hero", *urls)
    remark(api, 2, status="approved")


def publish(api: APIClient, code: str, *urls: str, slot: str = "poster") -> None:
    """Publish images of the entity."""
    body = {"slot": slot, "type": "image", "urls": list(urls)}
    assert post(api, f"assets/{code}/versions", body).status_code == 201


def remark(api: APIClient, number: int, **said: object) -> None:
    """Say something about a poster of the hero."""
    answer = api.patch(f"/api/v1/assets/hero/versions/{number}?slot=poster", said, format="json")
    assert answer.status_code == 200, answer.content


def ask(api: APIClient, query: str) -> Answer:
    """Ask what the slots stand at."""
    return api.get(f"/api/v1/projects/film/best?{query}")


def look_up(api: APIClient, query: str) -> dict[str, Any]:
    """Return what the slots stand at, by entity."""
    answer = ask(api, query)
    assert answer.status_code == 200, answer.content
    assert answer.json()["project_id"] == "film"
    data: dict[str, Any] = answer.json()["data"]
    return data


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", 1),
        ("&version=best", 1),
        ("&version=approved", 2),
        ("&version=latest", 3),
        ("&number=2", 2),
        ("&number=3&version=best", 3),
    ],
)
def test_each_pointer_names_its_version(
    posters: None, api: APIClient, query: str, number: int
) -> None:
    found = look_up(api, f"{HERO}&slot=poster{query}")["hero"]["poster"]
    assert (found["id"], found["number"], found["url"]) == (
        f"hero/poster_v{number}",
        number,
        URL.format(number),
    )
    assert (found["is_best"], found["is_latest"]) == (number == 1, number == 3)
    assert found["status"] == ("approved" if number == 2 else "draft")


def test_a_slot_tells_all_that_stands_of_its_version(film: None, api: APIClient) -> None:
    body = {
        "slot": "poster",
        "type": "image",
        "media": [{"url": URL.format(1), "thumbnail_url": URL.format(2)}],
        "provenance": {"model": "m"},
        "metadata": {"tags": ["night"]},
        "note": "first",
    }
    post(api, "assets/hero/versions", body)
    found = look_up(api, f"{HERO}&slot=poster")["hero"]["poster"]
    assert found.pop("created_at")
    assert found == {
        "id": "hero/poster_v1",
        "number": 1,
        "origin": "authored",
        "author": "director",
        "note": "first",
        "status": "draft",
        "is_hidden": False,
        "metadata": {"tags": ["night"]},
        "is_best": True,
        "is_latest": True,
        "type": "image",
        "url": URL.format(1),
        "thumbnail_url": URL.format(2),
        "provenance": {"model": "m"},
        "made_from": "hero_v1",
        "is_outdated": False,
    }


def test_without_a_slot_all_are_answered(posters: None, api: APIClient) -> None:
    publish(api, "hero", URL.format(9), slot="icon")
    found = look_up(api, HERO)["hero"]
    assert {slot: one["id"] for slot, one in found.items()} == {
        "definition": "hero_v1",
        "icon": "hero/icon_v1",
        "poster": "hero/poster_v1",
    }


def test_a_definition_has_no_url(posters: None, api: APIClient) -> None:
    assert "url" not in look_up(api, f"{HERO}&slot=definition")["hero"]["definition"]
    assert look_up(api, f"{HERO}&slot=definition&only=url") == {"hero": {"definition": None}}


def test_only_urls_are_answered_where_nothing_else_is_wanted(posters: None, api: APIClient) -> None:
    scope = "type=scenes&id=shot-00001&id=shot-00000"
    publish(api, "shot-00000", URL.format(7))
    found = look_up(api, f"{scope}&slot=poster&slot=clip&only=url")
    assert found == {
        "shot-00001": {"poster": None, "clip": None},
        "shot-00000": {"poster": URL.format(7), "clip": None},
    }
    assert list(found) == ["shot-00001", "shot-00000"]


def test_a_slot_that_nothing_was_published_into_is_null(posters: None, api: APIClient) -> None:
    assert look_up(api, f"{HERO}&slot=clip") == {"hero": {"clip": None}}
    assert look_up(api, f"{HERO}&slot=poster&number=4") == {"hero": {"poster": None}}
    assert look_up(api, f"{HERO}&slot=definition&version=approved") == {
        "hero": {"definition": None}
    }


def test_a_hidden_version_has_no_url_for_those_who_ask_only_for_it(
    posters: None, api: APIClient
) -> None:
    remark(api, 1, is_hidden=True)
    assert look_up(api, f"{HERO}&slot=poster&only=url") == {"hero": {"poster": None}}
    assert look_up(api, f"{HERO}&slot=poster")["hero"]["poster"]["is_hidden"]
    remark(api, 1, is_hidden=False)
    assert look_up(api, f"{HERO}&slot=poster&only=url") == {"hero": {"poster": URL.format(1)}}


def test_only_outdated_slots_are_answered_where_they_are_wanted(
    posters: None, api: APIClient
) -> None:
    publish(api, "shot-00000", URL.format(7))
    scope = "type=assets&id=hero&id=shot-00000&id=shot-00001"
    assert look_up(api, f"{scope}&only=outdated") == {}
    change("hero", colour="blue")
    found = look_up(api, f"{scope}&only=outdated")
    assert list(found) == ["hero"]
    (poster,) = found["hero"].values()
    assert (poster["id"], poster["made_from"], poster["is_outdated"]) == (
        "hero/poster_v1",
        "hero_v1",
        True,
    )
    publish(api, "hero", URL.format(4))
    send(api, "PUT", "assets/hero/best", '{"version": 4, "slot": "poster"}')
    assert look_up(api, f"{scope}&only=outdated") == {}


def test_outdated_media_of_a_project_are_listed_in_pages(posters: None, api: APIClient) -> None:
    path = "/api/v1/projects/film/outdated-media"
    publish(api, "hero", URL.format(1), slot="icon")
    publish(api, "shot-00000", URL.format(7))
    assert api.get(path).json() == {"data": [], "next": None}
    change("hero", colour="blue")
    outdated = {"asset_id": "hero", "made_from": "hero_v1", "definition": "hero_v2"}
    found: list[dict[str, str]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(f"{path}?limit=1&cursor={cursor}").json()
        found += page["data"]
        cursor = page["next"]
    assert sorted(found, key=lambda one: str(one["slot"])) == [
        {**outdated, "slot": "icon", "version": "hero/icon_v1"},
        {**outdated, "slot": "poster", "version": "hero/poster_v1"},
    ]
    status = api.get("/api/v1/projects/film/propagation-status").json()
    assert status["outdated_media"] == 2
    publish(api, "hero", URL.format(4))
    assert len(api.get(path).json()["data"]) == 2  # the new poster is not the best
    send(api, "PUT", "assets/hero/best", '{"version": 4, "slot": "poster"}')
    assert [one["slot"] for one in api.get(path).json()["data"]] == ["icon"]


def test_the_project_itself_has_slots(film: None, api: APIClient) -> None:
    publish(api, "film:", URL.format(1))
    found = look_up(api, "type=project")
    assert {slot: one["id"] for slot, one in found["film:"].items()} == {
        "definition": "film:_v1",
        "poster": "film:/poster_v1",
    }


@pytest.mark.parametrize(
    ("query", "pointer", "word"),
    [
        ("type=charcters&id=hero", "/type", "'characters'"),
        ("type=project&id=hero", "/id", "id"),
        ("type=characters", "/character_ids", "1 to 1000"),
        ("type=characters&id=nobody", "/character_ids/0", "'nobody'"),
        ("type=characters&id=hero&id=nobody", "/character_ids/1", "'nobody'"),
        ("type=characters&id=hero&id=hero", "/character_ids/1", "'hero'"),
        ("type=characters&id=shot-00000", "/character_ids/0", "'shot-00000' is a shot"),
        ("type=locations&id=hero", "/location_ids/0", "'hero' is a character"),
        ("type=assets&id=film:", "/asset_ids/0", "is a project"),
        ("type=scene", "/scene_id", "scene_id"),
        ("type=scene&id=shot-00000&id=shot-00001", "/scene_id", "scene_id"),
        ("type=scene&id=hero", "/scene_id", "'hero' is a character"),
    ],
)
def test_a_bad_scope_is_named_where_it_is_wrong(
    film: None, api: APIClient, query: str, pointer: str, word: str
) -> None:
    problem = read_problem(ask(api, query), 400, "bad-scope")
    assert list_pointers(problem) == [pointer]
    assert word in problem["detail"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("type=characters&type=scenes&id=hero", "repeated-parameter"),
        ("type=characters&character_ids=hero", "unknown-parameter"),
        ("type=characters&ids=hero", "unknown-parameter"),
    ],
)
def test_a_query_says_one_thing_once(film: None, api: APIClient, query: str, code: str) -> None:
    read_problem(ask(api, query), 400, code)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "/type"),
        (f"{HERO}&slot=Poster", "/slot/0"),
        (f"{HERO}&version=first", "/version"),
        (f"{HERO}&number=0", "/number"),
        (f"{HERO}&number={2**31}", "/number"),
        (f"{HERO}&only=id", "/only"),
        (f"{HERO}&{'&'.join(f'slot=s{n}' for n in range(51))}", "/slot"),
        (f"type=scenes&{'&'.join(f'id={n}' for n in range(1001))}", "/id"),
    ],
)
def test_a_wrong_parameter_is_named(film: None, api: APIClient, query: str, pointer: str) -> None:
    assert list_pointers(read_problem(ask(api, query), 422, "validation-error")) == [pointer]


def make_scenes(api: APIClient, amount: int) -> list[str]:
    """Have so many scenes with two slots of media each, and return their codes."""
    load(star(amount))
    codes = [f"shot-{index:05}" for index in range(amount)]
    for slot in ("poster", "clip"):
        entry = {
            "scope": {"type": "scenes", "project_id": "film", "scene_ids": codes},
            "slot": slot,
            "type": "image",
            "media": [{"id": code, "url": f"https://cdn.example/{code}"} for code in codes],
        }
        answer = post(api, "assets:batch_versions", {"entries": [entry]})
        assert answer.status_code == 201, answer.content
    return codes


def ask_for(codes: list[str]) -> str:
    """Return the path that looks up the scenes."""
    ids = "&".join(f"id={code}" for code in codes)
    return f"projects/film/best?type=scenes&{ids}"


@pytest.mark.django_db(transaction=True)
def test_1000_scenes_take_as_many_statements_as_10_cold_and_warm(
    api: APIClient,
) -> None:
    scenes = make_scenes(api, 1000)
    cold, warm = set(), set()
    for amount in (10, 100, 1000):
        path = ask_for(scenes[:amount])
        registry._cache.clear()
        cold.add(count_statements(api, "GET", path))
        warm.add(count_statements(api, "GET", path))
    assert len(cold) == len(warm) == 1
    assert cold.pop() == warm.pop() + 1


def read_counts(api: APIClient) -> dict[str, float]:
    """Return how many look-ups hit and missed, as the metrics say."""
    answer = api.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    found = re.findall(
        r'^continuity_lookups_total\{result="(\w+)"\} (\S+)$', answer.content.decode(), re.MULTILINE
    )
    return {"hit": 0.0, "miss": 0.0} | {result: float(count) for result, count in found}


@pytest.mark.django_db(transaction=True)
def test_metrics_count_what_was_found_in_memory_and_what_was_read(
    api: APIClient,
) -> None:
    scenes = make_scenes(api, 20)
    registry._cache.clear()
    before = read_counts(api)
    for amount in (10, 20):
        look_up(api, ask_for(scenes[:amount]).partition("?")[2])
    after = read_counts(api)
    # 10 scenes of three slots each are read at first; then they are known, and 10 more are not.
    assert (after["miss"] - before["miss"], after["hit"] - before["hit"]) == (60, 30)


@pytest.mark.django_db(transaction=True)
def test_what_was_kept_never_hides_what_changed(api: APIClient) -> None:
    scenes = make_scenes(api, 1)
    query = f"type=scenes&id={scenes[0]}&slot=poster&only=url"
    for number in (2, 3):
        assert look_up(api, query)[scenes[0]]["poster"].endswith(scenes[0] if number == 2 else "2")
        publish(api, scenes[0], f"https://cdn.example/{number}")
        body = f'{{"version": {number}, "slot": "poster"}}'
        assert send(api, "PUT", f"assets/{scenes[0]}/best", body).status_code == 200
        assert look_up(api, query) == {scenes[0]: {"poster": f"https://cdn.example/{number}"}}


def test_metrics_are_for_staff_only(film: None, as_supervisor: APIClient) -> None:
    read_problem(APIClient().get("/metrics"), 401, "unauthenticated")
    read_problem(as_supervisor.get("/metrics"), 403, "forbidden")
    client = APIClient()
    user = make_user("operator")
    user.is_staff = True
    client.force_authenticate(user)
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text, */*;q=0.1"])
def test_metrics_are_answered_as_prometheus_asks_for_them(
    film: None, api: APIClient, accept: str
) -> None:
    assert api.get("/metrics", HTTP_ACCEPT=accept).status_code == 200
