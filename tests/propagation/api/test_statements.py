"""How many SQL statements a request takes does not depend on how much there is."""

import pytest

from assets.graph.cache import load_graph
from assets.models import Project
from tests.builders import change, drive, load, star
from tests.client import APIClient
from tests.propagation.api.asking import count_statements, post
from tests.staging import once

pytestmark = pytest.mark.django_db
CHANGE = {"change_data": {"colour": "blue"}}


@once
def small_and_large() -> list[str]:
    """Have two projects of very different size; return their codes."""
    for code, shots in (("small", 10), ("large", 1000)):
        load(star(shots), code=code)
    return ["small", "large"]


@pytest.mark.parametrize(
    "path",
    [
        "projects/{}",
        "projects/{}/shots?limit=1000",
        "projects/{}/propagation-status",
        "assets/{}:hero",
        "assets/{}:hero/dependencies",
        "assets/{}:hero/versions",
        "assets/{}:hero/versions/1",
    ],
)
def test_what_is_read_takes_as_many_for_1000_shots_as_for_10(
    small_and_large: list[str], api: APIClient, path: str
) -> None:
    small, large = (count_statements(api, "GET", path.format(code)) for code in small_and_large)
    assert small == large


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_a_change_takes_as_many_for_1000_dependents_as_for_10(
    small_and_large: list[str], api: APIClient, query: str
) -> None:
    small, large = (
        count_statements(api, "POST", f"assets/{code}:hero/propagate{query}", CHANGE)
        for code in small_and_large
    )
    assert small == large


def test_a_rollback_takes_as_many_for_1000_dependents_as_for_10(
    small_and_large: list[str], api: APIClient
) -> None:
    counts = set()
    for code in small_and_large:
        change("hero", code, colour="blue")
        body = {"version_number": 1, "reason": "as it was"}
        counts.add(count_statements(api, "POST", f"assets/{code}:hero/rollback", body))
    assert len(counts) == 1


def test_an_edge_takes_as_many_among_1000_entities_as_among_10(
    small_and_large: list[str], api: APIClient
) -> None:
    small, large = (
        count_statements(
            api,
            "POST",
            "edges",
            {"source": f"{code}:shot-00000", "target": f"{code}:shot-00001"},
        )
        for code in small_and_large
    )
    assert small == large


@pytest.mark.parametrize("path", ["runs/{}", "runs/{}/items?limit=1000"])
def test_a_run_takes_as_many_with_1000_items_as_with_10(
    small_and_large: list[str], api: APIClient, path: str
) -> None:
    counts = set()
    for code in small_and_large:
        run = change("hero", code, colour="blue").run
        assert run
        drive(run)
        counts.add(count_statements(api, "GET", path.format(run.pk)))
    assert len(counts) == 1


def test_the_status_takes_as_many_with_10_runs_as_with_one(
    small_and_large: list[str], api: APIClient
) -> None:
    counts = set()
    for code, runs in zip(small_and_large, (1, 10), strict=True):
        for number in range(runs):
            change("hero", code, take=number)
        counts.add(count_statements(api, "GET", f"projects/{code}/propagation-status"))
    assert len(counts) == 1


def test_versions_take_as_many_for_20_as_for_one(
    small_and_large: list[str], api: APIClient
) -> None:
    for number in range(19):
        change("hero", "large", take=number)
    small, large = (
        count_statements(api, "GET", f"assets/{code}:hero/versions") for code in small_and_large
    )
    assert small == large


@pytest.mark.parametrize("sort", ["-number", "-score", "-used_by"])
def test_media_take_as_many_for_200_as_for_one(
    small_and_large: list[str], api: APIClient, sort: str
) -> None:
    counts = set()
    for code, amount in zip(small_and_large, (1, 200), strict=True):
        urls = [f"https://cdn.example/{number}" for number in range(amount)]
        body = {"slot": "poster", "type": "image", "urls": urls, "metadata": {"tags": ["night"]}}
        post(api, f"assets/{code}:hero/versions", body)
        path = f"assets/{code}:hero/versions?slot=poster&sort={sort}&tag=night&limit=1000"
        counts.add(count_statements(api, "GET", path))
    assert len(counts) == 1


def test_outdated_media_take_as_many_for_1000_as_for_10(
    small_and_large: list[str], api: APIClient
) -> None:
    counts = set()
    for code, amount in zip(small_and_large, (10, 1000), strict=True):
        codes = [f"shot-{index:05}" for index in range(amount)]
        entry = {
            "scope": {"type": "scenes", "project_id": code, "scene_ids": codes},
            "slot": "clip",
            "type": "video",
            "media": [{"id": one, "url": f"https://cdn.example/{one}"} for one in codes],
        }
        assert post(api, "assets:batch_versions", {"entries": [entry]}).status_code == 201
        run = change("hero", code, colour="blue").run
        assert run
        drive(run)
        path = f"projects/{code}/outdated-media?limit=1000"
        assert len(api.get(f"/api/v1/{path}").json()["data"]) == amount
        counts.add(count_statements(api, "GET", path))
    assert len(counts) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "best", {"version": 1}),
        ("PUT", "best?dry_run=true", {"version": 1}),
        ("PUT", "lock", {"is_locked": True}),
        ("PATCH", "versions/1", {"status": "approved"}),
    ],
)
def test_what_is_decided_takes_as_many_for_1000_dependents_as_for_10(
    small_and_large: list[str], api: APIClient, method: str, path: str, body: object
) -> None:
    counts = set()
    for code in small_and_large:
        change("hero", code, colour="blue")
        counts.add(count_statements(api, method, f"assets/{code}:hero/{path}", body))
    assert len(counts) == 1


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_a_batch_takes_as_many_for_50_changes_as_for_5(
    small_and_large: list[str], api: APIClient, query: str
) -> None:
    load_graph(project_id=Project.objects.get(code="large").pk)  # whoever asks first reads it
    counts = [
        count_statements(
            api,
            "POST",
            f"propagation/batch{query}",
            {
                "asset_changes": [
                    {"asset_id": f"large:shot-{index:05}", "changes": {"take": size}}
                    for index in range(size)
                ]
            },
        )
        for size in (5, 50)
    ]
    assert counts[0] == counts[1]


def test_the_list_of_projects_takes_as_many_for_20_as_for_2(
    small_and_large: list[str], api: APIClient
) -> None:
    before = count_statements(api, "GET", "projects")
    for number in range(18):
        load({}, code=f"p{number}")
    assert count_statements(api, "GET", "projects") == before
