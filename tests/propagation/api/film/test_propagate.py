"""POST /assets/{id}/propagate: one change, with the story's body."""

import pytest
from django.contrib.auth.models import User

from propagation.models import PropagationRun
from propagation.planning.estimate import estimate_memory
from tests.builders import drive, get_entity, load, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    list_pointers,
    nothing_written,
    post,
    read_problem,
    send,
)
from versions.canonical import JsonObject
from versions.models import DEFINITION, Head, Version

pytestmark = pytest.mark.django_db
STORY = {
    "change_data": {
        "description": "Updated character description",
        "visual_changes": {"wardrobe": "blue coat"},
    },
    "propagation_mode": "realtime",
    "notify_users": True,
}


def load_content(code: str) -> JsonObject:
    """Return what the entity's best version carries."""
    head = Head.objects.select_related("best__content").get(
        entity=get_entity(code), slot=DEFINITION
    )
    return head.best.content.data


def test_the_body_of_the_story_starts_a_run(film: None, api: APIClient, director: User) -> None:
    answer = post(api, "assets/hero/propagate", STORY)
    run = PropagationRun.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {
        "status": "accepted",
        "run_id": run.pk,
        "status_url": f"/api/v1/runs/{run.pk}",
        "version": "hero_v2",
        "affected_entities": 3,
    }
    assert answer["Location"] == f"/api/v1/runs/{run.pk}"
    assert answer["ETag"] == '"hero_v2"'
    assert answer["Retry-After"] == "1"
    assert (run.mode, run.notify_users, run.actor) == ("realtime", True, director)


def test_the_groups_of_the_story_are_opened_into_fields(film: None, api: APIClient) -> None:
    groups = {
        "visual_changes": {"wardrobe": "blue coat"},
        "metadata_changes": {"unit": 2},
        "relationship_changes": {"friend": "Ben"},
    }
    post(api, "assets/hero/propagate", {"change_data": groups})
    assert load_content("hero") == {
        "name": "Hero",
        "description": "as cast",
        "wardrobe": "blue coat",
        "unit": 2,
        "friend": "Ben",
    }


def test_objects_merge_and_null_removes(film: None, api: APIClient) -> None:
    for change in ({"look": {"coat": "red", "hat": "none"}}, {"look": {"coat": "blue"}}):
        post(api, "assets/hero/propagate", {"change_data": change})
    post(api, "assets/hero/propagate", {"change_data": {"description": None}})
    assert load_content("hero") == {"name": "Hero", "look": {"coat": "blue", "hat": "none"}}


def test_values_come_back_as_they_were_sent(film: None, api: APIClient) -> None:
    values = {"n": 10**300, "f": 1e5, "t": "«😀»\t\n\u2028", "l": [True, None, []], "": {"a/b": 0}}
    post(api, "assets/hero/propagate", {"change_data": values})
    assert {**api.get("/api/v1/assets/hero").json()["content"]}.items() >= values.items()


def test_a_change_of_nothing_writes_nothing(film: None, api: APIClient) -> None:
    same = {"description": "as cast", "wardrobe": None, "visual_changes": {"name": "Hero"}}
    with nothing_written():
        answer = post(api, "assets/hero/propagate", {"change_data": same})
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "success",
        "run_id": None,
        "status_url": None,
        "version": "hero_v1",
        "affected_entities": 0,
    }
    assert answer["ETag"] == '"hero_v1"'
    assert not answer.has_header("Location")


def test_a_run_without_dependents_is_over_at_once(film: None, api: APIClient) -> None:
    answer = post(api, "assets/shot-00001/propagate", {"change_data": {"mood": "calm"}})
    assert (answer.status_code, answer.json()["status"]) == (202, "success")
    assert not answer.has_header("Retry-After")


def test_a_new_name_renames_the_entity(film: None, api: APIClient) -> None:
    post(api, "assets/hero/propagate", {"change_data": {"name": "Mara"}})
    assert api.get("/api/v1/assets/hero").json()["name"] == "Mara"


def test_a_dry_run_tells_all_and_writes_nothing(api: APIClient) -> None:
    load(star(101))
    body = {"change_data": {"visual_changes": {"description": "new", "coat": {"c": "blue"}}}}
    with nothing_written():
        answer = post(api, "assets/hero/propagate?dry_run=true", body)
    assert answer.status_code == 200
    token = answer.json()["plan_token"]
    assert answer.json() == {
        "dry_run": True,
        "conflicts": [],
        "asset_id": "hero",
        "base_version": "hero_v1",
        "fields": [
            {"field": "coat", "before": None, "after": {"c": "blue"}},
            {"field": "description", "before": "as cast", "after": "new"},
        ],
        "change_type": ["visual"],
        "impact_level": "high",
        "affected_entities": 101,
        "impact": {
            "affected_shots": 101,
            "affected_sequences": 0,
            "estimated_processing_time": None,
            "estimate": "no estimate yet",
            "memory_impact": estimate_memory(total=101, largest_batch=101),
            "can_be_batch_processed": True,
        },
        "phases": [{"type": "batch", "count": 101}],
        "held": [],
        "skipped": [],
        "pinned": [],
        "under_edit": [],
        "updates": 101,
        "verdicts": {"update": 101, "hold": 0, "ignore": 0, "pinned": 0},
        "sequences": [],
        "plan_token": token,
        "items_url": f"/api/v1/plans/{token}/items",
    }


def test_a_dry_run_of_nothing_affects_nothing(film: None, api: APIClient) -> None:
    body = {"change_data": {"description": "as cast"}}
    answer = post(api, "assets/hero/propagate?dry_run=1", body).json()
    assert (answer["fields"], answer["phases"], answer["affected_entities"]) == ([], [], 0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[0.0]", "[-0.0]"),
        ("[1]", "[1.0]"),
        ("[1]", "[true]"),
        ("1", "1"),
        ('{"a": 1}', '{"a": null}'),
        ('{"a": 1}', "{}"),
        ("[null]", "null"),
        ('"a"', '{"b": null}'),
    ],
)
def test_a_dry_run_foresees_what_the_change_does(
    film: None, api: APIClient, before: str, after: str
) -> None:
    path = "assets/hero/propagate"
    assert send(api, "POST", path, write_change(before)).status_code == 202
    check_foresight(api, write_change(after))


def test_a_dry_run_foresees_that_a_field_of_null_goes(api: APIClient) -> None:
    document = star(2)
    document["assets"][0]["m"] = None
    load(document)
    check_foresight(api, write_change("null"))
    assert "m" not in load_content("hero")


def write_change(value: str) -> str:
    """Return the body that sets the field m to the value, which is JSON."""
    return f'{{"change_data": {{"m": {value}}}}}'


def check_foresight(api: APIClient, body: str) -> None:
    """Check that a dry run of the change of the hero tells what the change itself then does."""
    number = Version.objects.filter(entity__code="hero").count()
    foreseen = send(api, "POST", "assets/hero/propagate?dry_run=1", body).json()
    done = send(api, "POST", "assets/hero/propagate", body).json()
    assert foreseen["base_version"] == f"hero_v{number}"
    assert foreseen["affected_entities"] == done["affected_entities"]
    assert done["version"] == f"hero_v{number + bool(foreseen['fields'])}"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/change_data"),
        ({"change_data": None}, "/change_data"),
        ({"change_data": []}, "/change_data"),
        ({"change_data": "text"}, "/change_data"),
        ({"change_data": {}, "propagation_mode": "now"}, "/propagation_mode"),
        ({"change_data": {}, "propagation_mode": ["auto"]}, "/propagation_mode"),
        ({"change_data": {}, "notify_users": "perhaps"}, "/notify_users"),
        ({"change_data": {}, "notify_users": {}}, "/notify_users"),
        ({"change_data": {}, "note": {"a": 1}}, "/note"),
        ({"change_data": {}, "note": "x" * 2001}, "/note"),
    ],
)
def test_a_wrong_field_is_named(film: None, api: APIClient, body: object, pointer: str) -> None:
    with nothing_written():
        answer = post(api, "assets/hero/propagate", body)
    assert list_pointers(read_problem(answer, 422, "validation-error")) == [pointer]


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
@pytest.mark.parametrize(
    ("code", "data", "pointer"),
    [
        ("hero", {"id": "zzz"}, "/change_data/id"),
        ("hero", {"type": None}, "/change_data/type"),
        ("hero", {"depends_on": ["shot-00001"]}, "/change_data/depends_on"),
        ("hero", {"metadata_changes": {"worn_by": "x"}}, "/change_data/worn_by"),
        ("hero", {"name": "x" * 1001}, "/change_data/name"),
        ("hero", {"name": 5}, "/change_data/name"),
        ("hero", {"name": ["a"]}, "/change_data/name"),
        ("shot-00001", {"shot_id": "zzz"}, "/change_data/shot_id"),
        ("shot-00001", {"visual_prompt": "text"}, "/change_data/visual_prompt"),
        (
            "shot-00001",
            {"visual_prompt": {"prop_references": ["hero"]}},
            "/change_data/visual_prompt/prop_references",
        ),
    ],
)
def test_what_is_no_content_cannot_be_changed(
    film: None, api: APIClient, code: str, data: dict[str, object], pointer: str, query: str
) -> None:
    with nothing_written():
        answer = post(api, f"assets/{code}/propagate{query}", {"change_data": data})
    problem = read_problem(answer, 422, "invalid-change")
    assert list_pointers(problem) == [pointer]
    assert problem["errors"][0]["code"] == "invalid-change"


def test_a_name_may_have_1000_characters(film: None, api: APIClient) -> None:
    answer = post(api, "assets/hero/propagate", {"change_data": {"name": "😀" * 1000}})
    assert answer.status_code == 202


@pytest.mark.parametrize("field", ["author", "version", "checksum", "run_id", "id"])
def test_what_the_server_sets_cannot_be_sent(film: None, api: APIClient, field: str) -> None:
    with nothing_written():
        answer = post(api, "assets/hero/propagate", {"change_data": {"a": 1}, field: 1})
    assert list_pointers(read_problem(answer, 422, "unknown-field")) == [f"/{field}"]


def test_a_misspelt_field_is_told_the_near_one(film: None, api: APIClient) -> None:
    answer = post(api, "assets/hero/propagate", {"change_dat": {}, "change_data": {}})
    problem = read_problem(answer, 422, "unknown-field")
    assert "'change_data'" in problem["errors"][0]["detail"]


def test_without_a_preference_the_answer_does_not_wait(film: None, api: APIClient) -> None:
    answer = post(api, "assets/hero/propagate", {"change_data": {"a": 1}})
    assert answer.json()["status"] == "accepted"
    assert not answer.has_header("Preference-Applied")


def test_a_wait_that_is_too_short_answers_that_the_run_goes_on(film: None, api: APIClient) -> None:
    body = {"change_data": {"a": 1}}
    answer = post(api, "assets/hero/propagate", body, HTTP_PREFER="respond-async, wait=0")
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert answer["Retry-After"] == "1"


@pytest.mark.parametrize(
    "prefer", ["", "wait", "wait=", "wait=-1", "wait=soon", "=;,", "w" * 60_000]
)
def test_a_preference_that_says_nothing_is_ignored(film: None, api: APIClient, prefer: str) -> None:
    answer = post(api, "assets/hero/propagate", {"change_data": {"a": 1}}, HTTP_PREFER=prefer)
    assert answer.status_code == 202
    assert not answer.has_header("Preference-Applied")


def test_a_shot_can_be_changed_as_an_asset_can(film: None, api: APIClient) -> None:
    answer = post(api, "assets/film:shot-00002/propagate", {"change_data": {"lens": 35}})
    assert answer.json()["version"] == "shot-00002_v2"


def test_a_finished_run_leaves_the_shots_at_their_next_version(film: None, api: APIClient) -> None:
    answer = post(api, "assets/hero/propagate", STORY).json()
    drive(PropagationRun.objects.get(pk=answer["run_id"]))
    assert api.get("/api/v1/assets/shot-00001").json()["best"] == "shot-00001_v2"
