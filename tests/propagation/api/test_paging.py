"""Lists in pages: every row once, whatever the page's size."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import change, drive, load, star
from tests.client import APIClient
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


def read_ids(api: APIClient, path: str) -> list[object]:
    """Return the ids of all pages of a list, three rows at a time."""
    return [row["id"] for page in read_pages(api, path, 3) for row in page["data"]]


@pytest.fixture
def crew(db: None) -> None:
    """Have five assets, two shots of them in a sequence, and one that is out of date."""
    del db
    names = {"a": "Zoe", "b": "ann", "c": "Bo", "d": "Ann", "e": ""}
    load(
        {
            "assets": [
                {"id": code, "type": "prop" if code in "ce" else "character", "name": name}
                for code, name in names.items()
            ],
            "shots": [
                {"shot_id": f"s{code}", "visual_prompt": {"character_references": [code]}}
                for code in "ab"
            ],
            "sequences": [{"sequence_id": "q", "shots": ["sa"]}],
        }
    )


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("sort=id", "abcde"),
        ("sort=-id", "edcba"),
        ("sort=created_at", "abcde"),
        ("sort=-created_at", "edcba"),
        ("sort=type", "abdce"),
        ("sort=-type", "ecdba"),
        ("type=prop", "ce"),
        ("q=an", "bd"),
        ("q=c", "c"),
        ("is_locked=true", ""),
        ("is_locked=false&type=prop", "ce"),
        ("priority=critical", ""),
        ("state=current", "abcde"),
        ("updated_since=2999-01-01T00:00:00Z", ""),
        ("updated_since=1999-01-01T00:00:00Z", "abcde"),
    ],
)
def test_a_list_of_entities_is_filtered_and_sorted(
    crew: None, api: APIClient, query: str, ids: str
) -> None:
    assert read_ids(api, f"projects/film/assets?{query}") == list(ids)


def test_names_are_sorted_with_every_row_once(crew: None, api: APIClient) -> None:
    upwards = read_ids(api, "projects/film/assets?sort=name")
    assert upwards[0] == "e"
    assert sorted(map(str, upwards)) == list("abcde")
    assert read_ids(api, "projects/film/assets?sort=-name") == upwards[::-1]


def test_shots_are_listed_by_sequence_and_by_state(crew: None, api: APIClient) -> None:
    assert read_ids(api, "projects/film/shots?sequence=q") == ["sa"]
    change("a", colour="red")  # its run has not begun
    assert read_ids(api, "projects/film/shots?state=outdated") == ["sa"]
    assert read_ids(api, "projects/film/shots?state=current") == ["sb"]
    page = api.get("/api/v1/projects/film/shots?expand=state,best_version").json()["data"]
    assert [row["state"] for row in page] == ["outdated", "current"]
    assert [row["best_version"]["id"] for row in page] == ["sa_v1", "sb_v1"]


def test_rows_have_the_members_that_were_asked_for_and_are_counted(
    crew: None, api: APIClient
) -> None:
    page = api.get("/api/v1/projects/film/assets?fields=name,id&limit=2&count=true").json()
    assert page["data"] == [{"name": "Zoe", "id": "a"}, {"name": "ann", "id": "b"}]
    assert page["total"] == 5


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("fields=nmae", "/fields"),
        ("fields=id,", "/fields"),
        ("sort=colour", "/sort"),
        ("expand=everything", "/expand"),
        ("state=broken", "/state"),
        ("updated_since=yesterday", "/updated_since"),
    ],
)
def test_what_a_list_does_not_have_is_refused(
    crew: None, api: APIClient, query: str, pointer: str
) -> None:
    problem = read_problem(
        api.get(f"/api/v1/projects/film/assets?{query}"), 422, "validation-error"
    )
    assert list_pointers(problem) == [pointer]


@pytest.mark.parametrize("cursor", ["!", "W10=", "WzEsMl0=", "WyJhIiwgMF0=", "WyJhIiwgIngiXQ=="])
def test_a_cursor_of_another_order_is_refused(crew: None, api: APIClient, cursor: str) -> None:
    answer = api.get("/api/v1/projects/film/assets", {"sort": "type", "cursor": cursor})
    assert answer.status_code in (200, 400)
    assert answer.status_code == 400 or cursor == "WzEsMl0="  # [1, 2]: a type called 1, say


def test_every_list_is_a_table_too(lists: dict[str, list[object]], api: APIClient) -> None:
    for path, ids in lists.items():
        answer = api.get(f"/api/v1/{path}?fields=id", headers={"Accept": "text/csv"})
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.content.decode().splitlines() == ['"id"', *(f'"{one}"' for one in ids)]
    whole = api.get("/api/v1/projects/film/shots", headers={"Accept": "text/csv"})
    header = whole.content.decode().splitlines()[0]
    assert header.startswith('"id","kind","type","name","priority","is_locked"')
