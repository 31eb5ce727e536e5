"""GET as of a time or a run: entities and whole projects as they were."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from propagation.models import PropagationRun
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import propagate_change
from tests.builders import change, drive, get_entity, load, make_cause, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    count_statements,
    list_pointers,
    post,
    read_problem,
    send,
)
from versions.models import Head

pytestmark = pytest.mark.django_db
LONG_AGO = "2001-01-01T00:00:00Z"
LATER = "2100-01-01T00:00:00Z"


def now() -> str:
    """Return the time, after all that was written and before all that will be."""
    return timezone.now().isoformat()


def read_then(api: APIClient, code: str, **when: object) -> dict[str, Any]:
    """Return the entity as it was."""
    answer = api.get(f"/api/v1/assets/{code}?{urlencode(when)}")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def get_version(api: APIClient, code: str, **when: object) -> str:
    """Return the version at which the entity was."""
    version: str = read_then(api, code, **when)["version"]
    return version


def read_project(api: APIClient, **query: object) -> list[dict[str, Any]]:
    """Return the whole film as it was."""
    answer = api.get(f"/api/v1/projects/film/as-of?{urlencode(query)}")
    assert answer.status_code == 200, answer.content
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def list_versions(api: APIClient, **query: object) -> list[str]:
    """Return the versions at which the entities of the film were."""
    return [one["version"] for one in read_project(api, **query)]


def start(code: str, **fields: Any) -> PropagationRun:  # noqa: ANN401
    """Change an entity, and return the run."""
    run = change(code, **fields).run
    assert run
    return run


def publish(api: APIClient, number: int, **more: object) -> None:
    """Publish a poster of the hero."""
    body = {"slot": "poster", "type": "image", "urls": [f"https://cdn.example/{number}"], **more}
    assert post(api, "assets/hero/versions", body).status_code == 201


def choose(api: APIClient, number: int, slot: str = "definition") -> None:
    """Make a version the best of a slot of the hero."""
    answer = api.put("/api/v1/assets/hero/best", {"version": number, "slot": slot}, format="json")
    assert answer.status_code in (200, 202), answer.content


def test_an_entity_is_answered_whole_as_it_was(film: None, api: APIClient) -> None:
    drive(start("hero", colour="blue"))
    publish(api, 1)
    at = now()
    drive(start("hero", colour="red"))
    found = read_then(api, "hero", at=at)
    assert datetime.fromisoformat(found.pop("at")) == datetime.fromisoformat(at)
    assert found == {
        "id": "hero",
        "kind": "asset",
        "type": "character",
        "project_id": "film",
        "version": "hero_v2",
        "content": {"name": "Hero", "description": "as cast", "colour": "blue"},
        "uses": [],
        "media": {"poster": "hero/poster_v1"},
    }


def test_what_an_entity_used_then_is_answered_with_its_content(film: None, api: APIClient) -> None:
    drive(start("hero", colour="blue"))
    at = now()
    drive(start("hero", colour="red"))
    (use,) = read_then(api, "shot-00000", at=at)["uses"]
    assert use == {
        "id": "hero",
        "role": "character",
        "label": "",
        "position": 0,
        "attributes": {},
        "version": "hero_v2",
        "content": {"name": "Hero", "description": "as cast", "colour": "blue"},
    }


def test_between_a_change_and_its_run_dependents_stand_at_what_they_were(
    film: None, api: APIClient
) -> None:
    times = [now()]
    run = start("hero", colour="blue")
    times.append(now())
    drive(run)
    times.append(now())
    then = [
        (get_version(api, "hero", at=at), get_version(api, "shot-00000", at=at)) for at in times
    ]
    assert then == [
        ("hero_v1", "shot-00000_v1"),
        ("hero_v2", "shot-00000_v1"),
        ("hero_v2", "shot-00000_v2"),
    ]


def test_as_of_a_run_is_when_it_had_finished(film: None, api: APIClient) -> None:
    runs = [drive(start("hero", colour=colour)) for colour in ("blue", "red")]
    change("shot-00000", mood="calm")
    for run, number in zip(runs, (2, 3), strict=True):
        for code in ("hero", "shot-00000"):
            assert get_version(api, code, run=run.pk) == f"{code}_v{number}"
        assert list_versions(api, run=run.pk, kind="shot") == [
            f"shot-0000{shot}_v{number}" for shot in range(3)
        ]


def test_as_of_a_run_that_is_not_over_is_now(film: None, api: APIClient) -> None:
    run = start("hero", colour="blue")
    assert get_version(api, "hero", run=run.pk) == "hero_v2"
    assert get_version(api, "shot-00000", run=run.pk) == "shot-00000_v1"


def test_an_older_best_is_what_the_entity_was_at(film: None, api: APIClient) -> None:
    drive(start("hero", colour="blue"))
    times = [now()]
    for number in (1, 2, 1):
        choose(api, number)
        times.append(now())
    drive(start("hero", hat="tall"))
    times.append(now())
    assert [get_version(api, "hero", at=at) for at in times] == [
        "hero_v2",
        "hero_v1",
        "hero_v2",
        "hero_v1",
        "hero_v3",
    ]


def test_the_best_media_are_those_of_the_time(film: None, api: APIClient) -> None:
    times = [now()]
    publish(api, 1)
    times.append(now())
    publish(api, 2)
    times.append(now())
    publish(api, 3, best=True)
    times.append(now())
    choose(api, 2, "poster")
    publish(api, 1, slot="icon")
    times.append(now())
    assert [read_then(api, "hero", at=at)["media"] for at in times] == [
        {},
        {"poster": "hero/poster_v1"},
        {"poster": "hero/poster_v1"},
        {"poster": "hero/poster_v3"},
        {"icon": "hero/icon_v1", "poster": "hero/poster_v2"},
    ]


def test_references_are_those_of_the_time(film: None, api: APIClient) -> None:
    times = [now()]
    edge = {"source": "shot-00001", "target": "shot-00000", "role": "seen_in"}
    post(api, "edges", edge)
    times.append(now())
    api.delete("/api/v1/edges", edge, format="json")
    times.append(now())
    used = [[use["id"] for use in read_then(api, "shot-00000", at=at)["uses"]] for at in times]
    assert used == [["hero"], ["hero", "shot-00001"], ["hero"]]


def test_a_way_back_is_a_version_more_then_too(film: None, api: APIClient) -> None:
    drive(start("hero", colour="blue"))
    before = now()
    body = {"version_number": 1, "reason": "as it was"}
    assert post(api, "assets/hero/rollback", body).status_code == 202
    assert get_version(api, "hero", at=before) == "hero_v2"
    assert get_version(api, "hero", at=now()) == "hero_v3"


def test_an_entity_that_did_not_exist_is_not_found(film: None, api: APIClient) -> None:
    problem = read_problem(api.get(f"/api/v1/assets/hero?at={LONG_AGO}"), 404, "not-found")
    assert "hero did not exist at 2001-01-01" in problem["detail"]


def test_entities_that_did_not_exist_are_absent(film: None, api: APIClient) -> None:
    before = now()
    document = star(3)
    document["shots"].append({"shot_id": "shot-9"})
    load(document)
    assert read_project(api, at=LONG_AGO) == []
    assert list_versions(api, at=before, kind="shot") == [f"shot-0000{n}_v1" for n in range(3)]
    assert list_versions(api, at=now(), kind="shot")[-1] == "shot-9_v1"
    read_problem(api.get("/api/v1/assets/shot-9", {"at": before}), 404, "not-found")


def test_a_project_is_answered_with_all_its_entities_and_itself(film: None, api: APIClient) -> None:
    assert sorted(list_versions(api, at=LATER)) == [
        "film:_v1",
        "hero_v1",
        "shot-00000_v1",
        "shot-00001_v1",
        "shot-00002_v1",
    ]
    assert list_versions(api, at=LATER, kind="project") == ["film:_v1"]
    assert list_versions(api, at=LATER, kind="sequence") == []


@pytest.mark.parametrize("limit", [1, 2, 4, 5])
def test_pages_hold_every_entity_once(film: None, api: APIClient, limit: int) -> None:
    whole = list_versions(api, at=LATER)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"/api/v1/projects/film/as-of?{urlencode({'at': LATER, 'limit': limit})}"
        page = api.get(f"{path}&cursor={cursor}").json()
        found += [one["version"] for one in page["data"]]
        cursor = page["next"]
    assert found == whole


def test_a_project_now_is_what_its_entities_are_now(film: None, api: APIClient) -> None:
    drive(start("hero", colour="blue"))
    choose(api, 1)
    for one in read_project(api, at=now()):
        shown = api.get(f"/api/v1/assets/{one['id']}").json()
        assert (one["version"], one["content"]) == (shown["best"], shown["content"])


def test_a_change_by_a_clock_that_is_behind_comes_after_the_choice_before_it(
    film: None, api: APIClient
) -> None:
    """The clocks of two hosts may differ; what is best now says which came last."""
    drive(start("hero", colour="blue"))
    choose(api, 1)
    propagate_change(
        change=Change(entity=get_entity("hero"), data={"hat": "tall"}),
        cause=make_cause(),
        at=timezone.now() - timedelta(minutes=1),
    )
    head = Head.objects.get(entity__code="hero", slot="definition")
    assert get_version(api, "hero", at=LATER) == f"hero_v{head.best.number}"


@pytest.mark.parametrize("path", ["assets/hero", "projects/film/as-of"])
def test_a_time_is_read_in_any_zone(film: None, api: APIClient, path: str) -> None:
    whole = datetime.now(UTC).replace(microsecond=0)
    shifted = whole.isoformat().replace("+00:00", "+00:30")  # half an hour earlier
    later = whole.isoformat().replace("+00:00", "-00:30")
    assert api.get(f"/api/v1/{path}", {"at": later}).status_code == 200
    early = api.get(f"/api/v1/{path}", {"at": shifted})
    assert early.status_code == (404 if path == "assets/hero" else 200)
    assert early.json().get("data", []) == []


def test_a_run_of_another_project_is_not_found(film: None, api: APIClient) -> None:
    load(star(1), code="other")
    other = change("hero", "other", colour="blue").run
    assert other
    for path in ("assets/film:hero", "projects/film/as-of"):
        for run in (other.pk, 123_456):
            read_problem(api.get(f"/api/v1/{path}?run={run}"), 404, "not-found")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("projects/film/as-of", ""),
        ("projects/film/as-of", "kind=shot"),
        ("projects/film/as-of", f"at={LATER}&run=1"),
        ("assets/hero", f"at={LATER}&run=1"),
    ],
)
def test_either_a_time_or_a_run_is_given(film: None, api: APIClient, path: str, query: str) -> None:
    read_problem(api.get(f"/api/v1/{path}?{query}"), 400, "bad-time")


@pytest.mark.parametrize("path", ["assets/hero", "projects/film/as-of"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("at", "yesterday"),
        ("at", ""),
        ("at", "2026-02-30T00:00:00Z"),
        ("at", "0001-01-01T00:00:00+23:00"),
        ("at", "9999-12-31T23:59:59-23:00"),
        ("run", "0"),
        ("run", "-1"),
        ("run", "first"),
        ("run", str(2**63)),
    ],
)
def test_a_wrong_parameter_is_named(
    film: None, api: APIClient, path: str, name: str, value: str
) -> None:
    answer = api.get(f"/api/v1/{path}", {name: value})
    assert list_pointers(read_problem(answer, 422, "validation-error")) == [f"/{name}"]


def test_other_wrong_parameters_are_named(film: None, api: APIClient) -> None:
    for query in ("kind=scene", "limit=0", "limit=1001"):
        answer = api.get(f"/api/v1/projects/film/as-of?at={LATER}&{query}")
        pointer = f"/{query.partition('=')[0]}"
        assert list_pointers(read_problem(answer, 422, "validation-error")) == [pointer]
    answer = api.get(f"/api/v1/projects/film/as-of?at={LATER}&cursor=x")
    read_problem(answer, 400, "bad-cursor")


def test_a_locked_entity_is_read_as_it_was(film: None, api: APIClient) -> None:
    send(api, "PUT", "assets/hero/lock", '{"is_locked": true}')
    assert get_version(api, "hero", at=LATER) == "hero_v1"


def test_1000_entities_take_as_many_statements_as_one(api: APIClient) -> None:
    load(star(1000))
    drive(start("hero", colour="blue"))
    publish(api, 1)
    run = drive(start("hero", colour="red"))
    for when in (f"at={LATER}", f"run={run.pk}"):
        path = f"projects/film/as-of?{when}&limit="
        counts = {count_statements(api, "GET", f"{path}{limit}") for limit in (1, 10, 1000)}
        assert len(counts) == 1
