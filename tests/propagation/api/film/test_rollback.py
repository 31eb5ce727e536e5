"""POST /assets/{id}/rollback: the way back, with the story's body."""

import pytest
from django.contrib.auth.models import User

from propagation.models import PropagationRun
from propagation.planning.estimate import estimate_memory
from tests.builders import change, drive, get_entity
from tests.client import APIClient
from tests.propagation.api.asking import (
    list_pointers,
    nothing_written,
    post,
    read_problem,
    send,
)
from versions.models import Version

pytestmark = pytest.mark.django_db
STORY = {"version_number": 1, "reason": "Reverted to original design"}


def test_the_body_of_the_story_starts_a_run(film: None, api: APIClient, director: User) -> None:
    change("hero", description="changed")
    answer = post(api, "assets/hero/rollback", STORY)
    run = PropagationRun.objects.latest("pk")
    assert answer.status_code == 202
    assert answer.json() == {
        "success": True,
        "new_current_version": "hero_v1",
        "moved_on": 0,
        "status": "accepted",
        "run_id": run.pk,
        "status_url": f"/api/v1/runs/{run.pk}",
        "version": "hero_v3",
        "affected_entities": 3,
    }
    assert answer["Location"] == f"/api/v1/runs/{run.pk}"
    assert answer["ETag"] == '"hero_v3"'
    assert (run.kind, run.actor, run.note) == ("rollback", director, STORY["reason"])


def test_the_way_back_is_a_version_more(film: None, api: APIClient) -> None:
    change("hero", description="changed", name="Mara")
    post(api, "assets/hero/rollback", STORY)
    first, _, last = Version.objects.filter(entity=get_entity("hero")).order_by("number")
    assert (last.content_id, last.origin) == (first.content_id, "reverted")
    assert api.get("/api/v1/assets/hero").json()["name"] == "Hero"


def test_a_rollback_to_the_current_content_writes_nothing(film: None, api: APIClient) -> None:
    with nothing_written():
        answer = post(api, "assets/hero/rollback", STORY)
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "new_current_version": "hero_v1",
        "moved_on": 0,
        "status": "success",
        "run_id": None,
        "status_url": None,
        "version": "hero_v1",
        "affected_entities": 0,
    }


def test_a_rollback_to_an_older_version_of_equal_content_writes_nothing(
    film: None, api: APIClient
) -> None:
    change("hero", description="changed")
    change("hero", description="as cast")
    with nothing_written():
        answer = post(api, "assets/hero/rollback", STORY)
    assert (answer.status_code, answer.json()["version"]) == (200, "hero_v3")


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
@pytest.mark.parametrize("number", [2, 2**31 - 1])
def test_a_version_that_never_was_is_not_found(
    film: None, api: APIClient, number: int, query: str
) -> None:
    with nothing_written():
        answer = post(api, f"assets/hero/rollback{query}", {**STORY, "version_number": number})
    read_problem(answer, 404, "version-not-found")


def test_a_dry_run_tells_what_returns_and_writes_nothing(film: None, api: APIClient) -> None:
    change("hero", description="changed", hat="tall")
    with nothing_written():
        answer = post(api, "assets/hero/rollback?dry_run=true", STORY)
    assert answer.status_code == 200
    found = answer.json()
    token = found["plan_token"]
    assert [one["id"] for one in found.pop("versions_between")] == ["hero_v2"]
    assert found == {
        "dry_run": True,
        "conflicts": [],
        "asset_id": "hero",
        "base_version": "hero_v2",
        "fields": [
            {"field": "description", "before": "changed", "after": "as cast"},
            {"field": "hat", "before": "tall", "after": None},
        ],
        "change_type": ["visual"],
        "impact_level": "medium",
        "affected_entities": 3,
        "impact": {
            "affected_shots": 3,
            "affected_sequences": 0,
            "estimated_processing_time": None,
            "estimate": "no estimate yet",
            "memory_impact": estimate_memory(total=3, largest_batch=3),
            "can_be_batch_processed": False,
        },
        "phases": [{"type": "background", "count": 3}],
        "held": [],
        "skipped": [],
        "pinned": [],
        "under_edit": [],
        "updates": 3,
        "verdicts": {"update": 3, "hold": 0, "ignore": 0, "pinned": 0},
        "sequences": [],
        "plan_token": token,
        "items_url": f"/api/v1/plans/{token}/items",
        "moved_on": 0,
        "moved_on_entities": [],
    }


def test_a_dry_run_lists_the_versions_that_it_takes_back_newest_first(
    film: None, api: APIClient
) -> None:
    for text in ("first", "second", "third"):
        post(api, "assets/hero/propagate", {"change_data": {"look": text}, "note": text})
    found = post(api, "assets/hero/rollback?dry_run=true", {**STORY, "version_number": 2}).json()
    between = [(one["id"], one["author"], one["note"]) for one in found["versions_between"]]
    assert between == [("hero_v4", "director", "third"), ("hero_v3", "director", "second")]


def test_dependents_that_people_changed_since_are_told_and_keep_their_changes(
    film: None, api: APIClient
) -> None:
    post(api, "assets/shot-00000/propagate", {"change_data": {"mood": "before"}})
    change("hero", description="changed")
    post(api, "assets/shot-00001/propagate", {"change_data": {"mood": "calm"}})
    post(api, "assets/shot-00001/propagate", {"change_data": {"mood": "wild"}})
    preview = post(api, "assets/hero/rollback?dry_run=true", STORY).json()
    (told,) = preview["moved_on_entities"]
    assert (told["id"], told["version"], told["author"]) == (
        "shot-00001",
        "shot-00001_v3",
        "director",
    )
    assert preview["moved_on"] == 1
    assert post(api, "assets/hero/rollback", STORY).json()["moved_on"] == 1
    drive(PropagationRun.objects.latest("pk"))
    kept = api.get("/api/v1/assets/shot-00001").json()["content"]
    assert kept["mood"] == "wild"


def test_dependents_that_a_run_alone_changed_have_not_moved_on(film: None, api: APIClient) -> None:
    run = change("hero", description="changed").run
    assert run
    drive(run)
    assert post(api, "assets/hero/rollback", STORY).json()["moved_on"] == 0


def test_a_locked_entity_does_not_go_back(film: None, api: APIClient) -> None:
    change("hero", description="changed")
    send(api, "PUT", "assets/hero/lock", '{"is_locked": true}')
    for query in ("", "?dry_run=true"):
        with nothing_written():
            answer = post(api, f"assets/hero/rollback{query}", STORY)
        read_problem(answer, 423, "locked")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version_number", 0),
        ("version_number", -1),
        ("version_number", 2**31),
        ("version_number", 10**400),
        ("version_number", 1.5),
        ("version_number", True),
        ("version_number", "v1"),
        ("version_number", None),
        ("version_number", [1]),
        ("reason", ""),
        ("reason", " "),
        ("reason", None),
        ("reason", "x" * 2001),
        ("propagation_mode", "later"),
    ],
)
def test_a_wrong_field_is_named(film: None, api: APIClient, field: str, value: object) -> None:
    answer = post(api, "assets/hero/rollback", {**STORY, field: value})
    assert list_pointers(read_problem(answer, 422, "validation-error")) == [f"/{field}"]


def test_a_rollback_needs_a_reason(film: None, api: APIClient) -> None:
    answer = post(api, "assets/hero/rollback", {"version_number": 1})
    assert list_pointers(read_problem(answer, 422, "validation-error")) == ["/reason"]
