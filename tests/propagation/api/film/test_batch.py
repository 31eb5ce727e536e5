"""POST /propagation/batch: several changes in one call."""

from typing import Any

import pytest

from assets.models import Role
from propagation.models import PropagationRun
from tests.builders import edges_production, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    list_pointers,
    nothing_written,
    post,
    read_problem,
)
from versions.models import Version

pytestmark = pytest.mark.django_db
PATH = "propagation/batch"


def make_changes(*codes: str, **fields: object) -> list[dict[str, Any]]:
    """Return one change per code."""
    return [{"asset_id": code, "changes": fields or {"colour": "blue"}} for code in codes]


def list_statuses(answer: Answer) -> list[str]:
    """Return what became of each change."""
    return [result["status"] for result in answer.json()["results"]]


@pytest.fixture
def diamond(db: None) -> None:
    """Have two sources that share one of their three targets."""
    del db
    load(edges_production([("a", "x"), ("a", "y"), ("b", "y"), ("b", "z")]))


def test_the_body_of_the_story_starts_one_run_over_the_union(diamond: None, api: APIClient) -> None:
    answer = post(api, PATH, {"asset_changes": make_changes("a", "b")})
    run = PropagationRun.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {
        "status": "accepted",
        "dry_run": False,
        "results": [
            {
                "index": index,
                "asset_id": code,
                "status": "accepted",
                "run_id": run.pk,
                "version": f"{code}_v2",
            }
            for index, code in enumerate("ab")
        ],
        "run_ids": [run.pk],
        "merged_targets": 3,
    }
    assert answer["Location"] == f"/api/v1/runs/{run.pk}"


def test_each_project_has_a_run_of_its_own(film: None, api: APIClient) -> None:
    load(star(2), code="other")
    answer = post(api, PATH, {"asset_changes": make_changes("film:hero", "other:hero")})
    assert answer.status_code == 202
    assert answer.json()["merged_targets"] == 5
    runs = PropagationRun.objects.filter(pk__in=answer.json()["run_ids"])
    assert {run.project.code: run.total for run in runs} == {"film": 3, "other": 2}


def test_changes_of_one_asset_merge_in_order_into_one_version(film: None, api: APIClient) -> None:
    changes = [
        {"asset_id": "hero", "changes": {"coat": "red", "hat": "tall"}},
        {"asset_id": "film:hero", "changes": {"coat": "blue"}},
    ]
    answer = post(api, PATH, {"asset_changes": changes})
    assert [result["version"] for result in answer.json()["results"]] == ["hero_v2", "hero_v2"]
    content = api.get("/api/v1/assets/hero").json()["content"]
    assert (content["coat"], content["hat"]) == ("blue", "tall")


def test_good_changes_are_made_beside_bad_ones(film: None, api: APIClient) -> None:
    load(star(1), code="other")
    answer = post(api, PATH, {"asset_changes": make_changes("film:hero", "nobody", "hero")})
    assert answer.status_code == 202
    assert list_statuses(answer) == ["accepted", "rejected", "rejected"]
    problems = [result.get("problem") for result in answer.json()["results"]]
    assert [problem["code"] for problem in problems[1:]] == ["not-found", "ambiguous-code"]
    assert problems[1]["pointer"] == "/asset_changes/1/asset_id"


def test_atomic_makes_all_changes_or_none(film: None, api: APIClient) -> None:
    changes = make_changes("hero", "nobody")
    with nothing_written():
        answer = post(api, PATH, {"asset_changes": changes, "atomic": True})
    problem = read_problem(answer, 422, "batch-invalid")
    assert [result["problem"]["code"] for result in problem["results"] if "problem" in result] == [
        "not-found"
    ]
    answer = post(api, PATH, {"asset_changes": changes[:1], "atomic": True})
    assert answer.status_code == 202


def test_a_batch_of_which_nothing_can_be_done_is_refused(film: None, api: APIClient) -> None:
    with nothing_written():
        answer = post(api, PATH, {"asset_changes": make_changes("nobody", "nothing")})
    problem = read_problem(answer, 422, "batch-invalid")
    assert [result["status"] for result in problem["results"]] == ["rejected", "rejected"]


@pytest.mark.parametrize("codes", [["hero"], ["hero", "nobody"], ["nobody"]])
def test_a_dry_run_writes_nothing(film: None, api: APIClient, codes: list[str]) -> None:
    with nothing_written():
        answer = post(api, f"{PATH}?dry_run=true", {"asset_changes": make_changes(*codes)})
    if codes == ["nobody"]:
        read_problem(answer, 422, "batch-invalid")
    else:
        assert answer.status_code == 200
        assert (answer.json()["dry_run"], answer.json()["merged_targets"]) == (True, 3)
        assert answer.json()["run_ids"] == []
        assert not any(result.get("run_id") for result in answer.json()["results"])


def test_changes_of_nothing_write_nothing(film: None, api: APIClient) -> None:
    with nothing_written():
        answer = post(api, PATH, {"asset_changes": make_changes("hero", description="as cast")})
    assert (answer.status_code, answer.json()["status"]) == (200, "success")
    assert list_statuses(answer) == ["unchanged"]
    assert answer.json()["run_ids"] == []
    assert not answer.has_header("Location")


def test_a_change_of_nothing_publishes_nothing_beside_one_of_something(
    film: None, api: APIClient
) -> None:
    changes = [*make_changes("hero"), {"asset_id": "shot-00001", "changes": {}}]
    answer = post(api, PATH, {"asset_changes": changes})
    assert [result["version"] for result in answer.json()["results"]] == [
        "hero_v2",
        "shot-00001_v1",
    ]
    assert list_statuses(answer) == ["accepted", "unchanged"]
    (run_id,) = answer.json()["run_ids"]
    assert [result["run_id"] for result in answer.json()["results"]] == [run_id, None]
    assert Version.objects.filter(entity__code="shot-00001").count() == 1


def test_what_one_may_not_change_is_rejected_alone(film: None) -> None:
    load(star(1), code="other")
    client = APIClient()
    roles = {"film": Role.ARTIST, "other": Role.VIEWER}
    client.force_authenticate(make_user("mixed", roles=roles))
    answer = post(client, PATH, {"asset_changes": make_changes("film:hero", "other:hero")})
    assert list_statuses(answer) == ["accepted", "rejected"]
    assert answer.json()["results"][1]["problem"]["code"] == "forbidden"
    assert not Version.objects.filter(entity__project__code="other", number=2).exists()


def test_a_batch_has_at_most_500_changes(film: None, api: APIClient) -> None:
    answer = post(api, PATH, {"asset_changes": make_changes("hero") * 500})
    assert answer.status_code == 202
    answer = post(api, PATH, {"asset_changes": make_changes("hero") * 501})
    assert list_pointers(read_problem(answer, 422, "validation-error")) == ["/asset_changes"]


def test_500_codes_with_colons_are_looked_up(film: None, api: APIClient) -> None:
    codes = [f"no:body-{index}" for index in range(499)]
    answer = post(api, PATH, {"asset_changes": make_changes(*codes, "film:hero")})
    assert list_statuses(answer).count("rejected") == 499


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        (None, "/asset_changes"),
        ([], "/asset_changes"),
        ({}, "/asset_changes"),
        ("hero", "/asset_changes"),
        ([{"asset_id": "hero", "changes": {}}, 5], "/asset_changes/1"),
        ([{"asset_id": "hero", "changes": {}}, None], "/asset_changes/1"),
        ([{"asset_id": "hero", "changes": {}}, {"changes": {}}], "/asset_changes/1/asset_id"),
        ([{"asset_id": "hero", "changes": []}], "/asset_changes/0/changes"),
        ([{"asset_id": "hero"}], "/asset_changes/0/changes"),
        ([{"asset_id": "", "changes": {}}], "/asset_changes/0/asset_id"),
        ([{"asset_id": ["hero"], "changes": {}}], "/asset_changes/0/asset_id"),
        ([{"asset_id": "x" * 401, "changes": {}}], "/asset_changes/0/asset_id"),
    ],
)
def test_a_wrong_field_is_named_with_its_index(
    film: None, api: APIClient, changes: object, pointer: str
) -> None:
    answer = post(api, PATH, {"asset_changes": changes})
    assert pointer in list_pointers(read_problem(answer, 422, "validation-error"))


def test_an_unknown_field_is_named_with_its_index(film: None, api: APIClient) -> None:
    changes = [*make_changes("hero"), {"asset_id": "hero", "changes": {}, "chnges": {}}]
    problem = read_problem(post(api, PATH, {"asset_changes": changes}), 422, "unknown-field")
    assert list_pointers(problem) == ["/asset_changes/1/chnges"]
    assert "'changes'" in problem["errors"][0]["detail"]


def test_what_is_no_content_is_rejected_at_its_place(film: None, api: APIClient) -> None:
    changes = [
        *make_changes("hero", depends_on=["shot-00001"]),
        *make_changes("shot-00001"),
        *make_changes("hero", visual_changes={"name": 5}),
    ]
    answer = post(api, PATH, {"asset_changes": changes})
    assert list_statuses(answer) == ["rejected", "accepted", "rejected"]
    problems = [result.get("problem", {}) for result in answer.json()["results"]]
    assert [(problem.get("code"), problem.get("pointer")) for problem in problems] == [
        ("invalid-change", "/asset_changes/0/changes/depends_on"),
        (None, None),
        ("invalid-change", "/asset_changes/2/changes/name"),
    ]
    assert Version.objects.filter(entity__code="hero").count() == 1


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_what_is_no_content_refuses_a_whole_atomic_batch(
    film: None, api: APIClient, query: str
) -> None:
    changes = [*make_changes("shot-00001"), *make_changes("hero", id="zzz")]
    with nothing_written():
        answer = post(api, f"{PATH}{query}", {"asset_changes": changes, "atomic": True})
    problems = [
        result.get("problem", {}).get("pointer")
        for result in read_problem(answer, 422, "batch-invalid")["results"]
    ]
    assert problems == [None, "/asset_changes/1/changes/id"]
