"""POST /assets/{id}/rollback: the way back, with the story's body."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from propagation.models import PropagationRun
from tests.builders import change, get_entity
from tests.propagation.api.asking import list_pointers, nothing_written, post, read_problem
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
    assert answer.json() == {
        "dry_run": True,
        "asset_id": "hero",
        "base_version": "hero_v2",
        "fields": [
            {"field": "description", "before": "changed", "after": "as cast"},
            {"field": "hat", "before": "tall", "after": None},
        ],
        "affected_entities": 3,
        "impact": {
            "affected_shots": 3,
            "affected_sequences": 0,
            "can_be_batch_processed": False,
        },
        "phases": [{"type": "background", "count": 3}],
    }


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
