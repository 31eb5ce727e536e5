"""Lists in pages: every row once, whatever the page's size."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.builders import change, drive, load, star
from tests.propagation.api.asking import list_pointers, read_problem
from tests.staging import once

pytestmark = pytest.mark.django_db


@once
def lists() -> dict[str, list[object]]:
    """Have several rows of each list, and return their ids in order, by path."""
    load(star(5))
    load(star(1), code="other")
    load({}, code="third")
    outcomes = [change("hero", colour=colour) for colour in ("red", "blue", "green")]
    runs = [drive(outcome.run) for outcome in outcomes if outcome.run]
    return {
        "projects": ["film", "other", "third"],
        "projects/film/shots": [f"shot-{index:05}" for index in range(5)],
        "projects/film/assets": ["hero"],
        "projects/film/sequences": [],
        "projects/film/runs": [run.pk for run in reversed(runs)],
        "assets/film:hero/versions": [f"hero_v{number}" for number in (4, 3, 2, 1)],
        f"runs/{runs[-1].pk}/items": [f"shot-{index:05}" for index in range(5)],
    }


def read_pages(api: APIClient, path: str, limit: int) -> Iterator[dict[str, Any]]:
    """Yield the pages, each found by the Link of the one before."""
    url: str | None = f"/api/v1/{path}{'&' if '?' in path else '?'}limit={limit}"
    while url:
        answer = api.get(url)
        assert answer.status_code == 200, answer.content
        yield answer.json()
        link = answer.headers.get("Link", "")
        assert bool(link) == bool(answer.json()["next"])
        url = link.partition("<")[2].partition(">")[0]
        assert not link or link == f'<{url}>; rel="next"'


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 1000])
def test_pages_hold_every_row_once_and_in_order(
    lists: dict[str, list[object]], api: APIClient, limit: int
) -> None:
    for path, ids in lists.items():
        pages = list(read_pages(api, path, limit))
        assert [row["id"] for page in pages for row in page["data"]] == ids, path
        assert all(len(page["data"]) == limit for page in pages[:-1])
        assert len(pages) == max(1, -(-len(ids) // limit))
        assert pages[-1]["next"] is None


def test_a_page_follows_by_its_cursor_too(lists: dict[str, list[object]], api: APIClient) -> None:
    path = "/api/v1/assets/film:hero/versions?limit=2"
    following = api.get(f"{path}&cursor={api.get(path).json()['next']}").json()
    assert [row["number"] for row in following["data"]] == [2, 1]


def test_rows_that_come_in_between_neither_repeat_nor_hide_others(
    lists: dict[str, list[object]], api: APIClient
) -> None:
    path = "/api/v1/assets/film:hero/versions?limit=2"
    cursor = api.get(path).json()["next"]
    change("hero", colour="yellow")
    following = api.get(f"{path}&cursor={cursor}").json()
    assert [row["number"] for row in following["data"]] == [2, 1]


def test_without_a_limit_a_page_has_100_rows(api: APIClient) -> None:
    load(star(101))
    page = api.get("/api/v1/projects/film/shots").json()
    assert len(page["data"]) == 100
    rest = api.get(f"/api/v1/projects/film/shots?cursor={page['next']}").json()
    assert (len(rest["data"]), rest["next"]) == (1, None)


def test_items_are_narrowed_to_a_state(lists: dict[str, list[object]], api: APIClient) -> None:
    *_, items = lists
    assert len(api.get(f"/api/v1/{items}?state=applied").json()["data"]) == 5
    assert api.get(f"/api/v1/{items}?state=failed").json() == {"data": [], "next": None}
    problem = read_problem(api.get(f"/api/v1/{items}?state=done"), 422, "validation-error")
    assert list_pointers(problem) == ["/state"]


def test_the_next_page_is_narrowed_as_the_first_one(film: None, api: APIClient) -> None:
    run = change("hero", colour="blue").run
    assert run
    path = f"runs/{run.pk}/items"
    for state, pages in (("queued", 3), ("applied", 1)):
        found = list(read_pages(api, f"{path}?state={state}", limit=1))
        assert len(found) == pages
        assert {row["state"] for page in found for row in page["data"]} <= {state}
    drive(run)
    assert len(list(read_pages(api, f"{path}?state=applied", limit=1))) == 3


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "many", "", "1e3", str(10**30)])
def test_a_limit_lies_between_1_and_1000(
    lists: dict[str, list[object]], api: APIClient, limit: str
) -> None:
    for path in lists:
        problem = read_problem(api.get(f"/api/v1/{path}?limit={limit}"), 422, "validation-error")
        assert list_pointers(problem) == ["/limit"]


@pytest.mark.parametrize(
    "cursor", ["first", "-1", "1.5", "1 or 1=1", "²", "1" * 19, "9" * 5000, "'"]
)
def test_a_cursor_is_taken_from_a_page(
    lists: dict[str, list[object]], api: APIClient, cursor: str
) -> None:
    for path in lists:
        read_problem(api.get(f"/api/v1/{path}", {"cursor": cursor}), 400, "bad-cursor")


@pytest.mark.parametrize("cursor", ["9" * 18, str(2**31), "0"])
def test_a_cursor_beyond_all_rows_gives_an_empty_or_a_whole_list(
    lists: dict[str, list[object]], api: APIClient, cursor: str
) -> None:
    for path, ids in lists.items():
        found = api.get(f"/api/v1/{path}?cursor={cursor}").json()["data"]
        assert [row["id"] for row in found] in ([], ids)
