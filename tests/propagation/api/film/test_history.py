"""GET /assets/{id}/versions: the history of a slot, filtered, sorted and in pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoDbBlocker

from assets.models import Role
from propagation.services.create_media import MediaEntry, MediaItem, create_media
from tests.builders import change, drive, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import list_pointers, post, read_problem, send
from versions.media import MediaDocument
from versions.models import Annotation, Status, Version
from versions.scope import Scope

pytestmark = pytest.mark.django_db
PATH = "/api/v1/assets/hero/versions"
NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)
SORTS = ["-number", "number", "-score", "score", "-used_by"]


@pytest.fixture(scope="module")
def posters(shared_director: User, django_db_blocker: DjangoDbBlocker) -> None:
    """Have six posters of the hero that differ in all that they are filtered by.

    | number | author   | minute | type  | score | tags         | status   | hidden |
    |      1 | director |      0 | image |   0.5 | night        | draft    |        |
    |      2 | director |      1 | image |   0.9 | night, wide  | approved |        |
    |      3 | ann      |      2 | video |   0.5 |              | review   |        |
    |      4 | ann      |      3 | image |       | wide         | rejected |        |
    |      5 | director |      4 | video |  -1.0 |              | draft    | hidden |
    |      6 | ann      |      5 | image |       |              | draft    |        |
    """
    with django_db_blocker.unblock():
        publish_posters(shared_director)


def publish_posters(director: User) -> None:
    """Publish them."""
    ann = make_user("ann", roles={"film": Role.ARTIST})
    publish(director, 0, "image", score=0.5, tags=["night"])
    publish(director, 1, "image", score=0.9, tags=["night", "wide"])
    publish(ann, 2, "video", score=0.5)
    publish(ann, 3, "image", tags=["wide"])
    publish(director, 4, "video", score=-1.0)
    publish(ann, 5, "image")
    for number, status in ((2, Status.APPROVED), (3, Status.REVIEW), (4, Status.REJECTED)):
        Annotation.objects.filter(version__slot="poster", version__number=number).update(
            status=status
        )
    Annotation.objects.filter(version__slot="poster", version__number=5).update(is_hidden=True)


def publish(
    actor: User,
    minute: int,
    type_: str,
    *,
    score: float | None = None,
    tags: list[str] | None = None,
    slot: str = "poster",
) -> None:
    """Publish one version of media of the hero so many minutes after noon."""
    metadata: dict[str, Any] = {}
    if score is not None:
        metadata["evaluation"] = {"qualityScore": score}
    if tags:
        metadata["tags"] = tags
    document = MediaDocument(type=type_, url=f"https://cdn.example/{minute}")
    outcome = create_media(
        entries=[
            MediaEntry(
                scope=Scope(type="assets", project="film", ids=("hero",)),
                slot=slot,
                items=[MediaItem(document=document)],
                metadata=metadata,
            )
        ],
        is_atomic=True,
        actor=actor,
        at=NOON + timedelta(minutes=minute),
    )
    assert not outcome.errors


def list_numbers(api: APIClient, slot: str = "poster", **query: Any) -> list[int]:  # noqa: ANN401
    """Return the numbers of the versions that the query answers, in order."""
    answer = api.get(f"{PATH}?{urlencode({'slot': slot, **query}, doseq=True)}")
    assert answer.status_code == 200, answer.content
    return [one["number"] for one in answer.json()["data"]]


def at(minute: float) -> str:
    """Return the time so many minutes after noon."""
    return (NOON + timedelta(minutes=minute)).isoformat()


def test_without_a_slot_the_definitions_are_listed(posters: None, api: APIClient) -> None:
    change("hero", colour="blue")
    listed = api.get(PATH).json()["data"]
    assert [one["id"] for one in listed] == ["hero_v2", "hero_v1"]
    assert [one["id"] for one in api.get(f"{PATH}?slot=definition").json()["data"]] == [
        "hero_v2",
        "hero_v1",
    ]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [6, 4, 3, 2, 1]),
        ({"number": [1, 5, 3, 9]}, [3, 1]),
        ({"author": "ann"}, [6, 4, 3]),
        ({"author": "nobody"}, []),
        ({"origin": "authored"}, [6, 4, 3, 2, 1]),
        ({"origin": "imported"}, []),
        ({"since": at(2)}, [6, 4, 3]),
        ({"until": at(2)}, [2, 1]),
        ({"since": at(1), "until": at(3)}, [3, 2]),
        ({"since": at(2.5), "until": at(2.5)}, []),
        ({"since": "2030-05-01T14:03:00+02:00"}, [6, 4]),
        ({"status": "draft"}, [6, 1]),
        ({"status": "review"}, [3]),
        ({"status": "approved"}, [2]),
        ({"status": "rejected"}, [4]),
        ({"is_best": "true"}, [1]),
        ({"is_best": "false"}, [6, 4, 3, 2]),
        ({"type": "image"}, [6, 4, 2, 1]),
        ({"type": "video"}, [3]),
        ({"type": "model"}, []),
        ({"tag": "night"}, [2, 1]),
        ({"tag": "wide"}, [4, 2]),
        ({"tag": "nigh"}, []),
        ({"tag": "Night"}, []),
        ({"min_score": 0.5}, [3, 2, 1]),
        ({"min_score": 0.51}, [2]),
        ({"min_score": -2}, [3, 2, 1]),
        ({"hidden": "exclude"}, [6, 4, 3, 2, 1]),
        ({"hidden": "include"}, [6, 5, 4, 3, 2, 1]),
        ({"hidden": "only"}, [5]),
        ({"hidden": "include", "min_score": -2, "type": "video"}, [5, 3]),
        ({"author": "ann", "type": "image", "status": "draft"}, [6]),
        ({"tag": "night", "min_score": 0.6, "author": "director", "until": at(9)}, [2]),
        ({"tag": "night", "is_best": "true", "number": 1}, [1]),
        ({"tag": "night", "is_best": "true", "number": 2}, []),
    ],
)
def test_filters_leave_what_was_asked_for(
    posters: None, api: APIClient, query: dict[str, Any], numbers: list[int]
) -> None:
    assert list_numbers(api, **query) == numbers


@pytest.mark.parametrize(
    ("sort", "numbers"),
    [
        ("-number", [6, 5, 4, 3, 2, 1]),
        ("number", [1, 2, 3, 4, 5, 6]),
        ("-score", [2, 3, 1, 5, 6, 4]),
        ("score", [5, 3, 1, 2, 6, 4]),
        ("-used_by", [6, 5, 4, 3, 2, 1]),
    ],
)
def test_each_sort_has_its_order_and_equal_ones_come_newest_first(
    posters: None, api: APIClient, sort: str, numbers: list[int]
) -> None:
    assert list_numbers(api, sort=sort, hidden="include") == numbers


@pytest.mark.parametrize("sort", SORTS)
def test_filters_and_sorts_go_together(posters: None, api: APIClient, sort: str) -> None:
    numbers = list_numbers(api, sort=sort, tag="night")
    assert numbers == ([1, 2] if sort in ("number", "score") else [2, 1])


def test_a_version_is_found_by_what_uses_it_now(film: None, api: APIClient) -> None:
    run = change("hero", colour="blue").run
    assert list_numbers(api, "definition", used_by="shot-00000") == [1]
    assert run
    drive(run)
    change("hero", colour="red")
    for used_by in ("shot-00000", "film:shot-00000"):
        assert list_numbers(api, "definition", used_by=used_by) == [2]
    assert list_numbers(api, "definition", used_by="hero") == []
    read_problem(api.get(f"{PATH}?used_by=nobody"), 404, "not-found")


def test_the_most_used_come_first_with_how_often_they_are_used(api: APIClient) -> None:
    load(star(5))
    for shot in ("shot-00000", "shot-00001", "shot-00002"):
        edge = {"source": "hero", "target": shot, "role": "character", "follow": "frozen"}
        assert post(api, "edges", edge).status_code == 202
    run = change("hero", colour="blue").run
    assert run
    drive(run)
    change("hero", colour="green")
    listed = api.get(f"{PATH}?sort=-used_by").json()["data"]
    assert [(one["number"], one["used_by"]) for one in listed] == [(1, 3), (2, 2), (3, 0)]
    assert list_numbers(api, "definition", sort="-used_by", number=[2, 3]) == [2, 3]


def read_pages(api: APIClient, query: str, limit: int, slot: str = "poster") -> Iterator[list[int]]:
    """Yield the numbers on each page, each found by the cursor of the one before."""
    cursor = ""
    while True:
        url = f"{PATH}?slot={slot}&limit={limit}&{query}&{urlencode({'cursor': cursor})}"
        answer = api.get(url)
        assert answer.status_code == 200, answer.content
        yield [one["number"] for one in answer.json()["data"]]
        cursor = answer.json()["next"]
        if cursor is None:
            return


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("sort", SORTS)
def test_pages_neither_skip_nor_repeat(
    posters: None, api: APIClient, sort: str, limit: int
) -> None:
    whole = list_numbers(api, sort=sort, hidden="include")
    pages = list(read_pages(api, f"sort={sort}&hidden=include", limit))
    assert [number for page in pages for number in page] == whole
    assert all(len(page) == limit for page in pages[:-1])


SCORES = [None, 0.1, 0.1, 1 / 3, 1 / 3, 1e-300, -1e300, 5e-324, 1e300, None, 0, -0.0]


@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.parametrize("sort", ["-score", "score"])
def test_scores_of_any_size_stand_in_their_order_over_all_pages(
    film: None, director: User, api: APIClient, sort: str, limit: int
) -> None:
    for minute, score in enumerate(SCORES):
        publish(director, minute, "image", score=score, slot="icon")
    sign = -1 if sort == "-score" else 1
    scored = [(sign * score, -n, n) for n, score in enumerate(SCORES, start=1) if score is not None]
    unscored = [n for n in range(len(SCORES), 0, -1) if SCORES[n - 1] is None]
    expected = [number for *_, number in sorted(scored)] + unscored
    pages = list(read_pages(api, f"sort={sort}", limit, slot="icon"))
    assert [number for page in pages for number in page] == expected


@pytest.mark.parametrize("sort", SORTS)
def test_versions_that_come_in_between_neither_repeat_nor_hide_others(
    posters: None, director: User, api: APIClient, sort: str
) -> None:
    before = list_numbers(api, sort=sort)
    seen: list[int] = []
    for page, numbers in enumerate(read_pages(api, f"sort={sort}", 1)):
        seen += numbers
        if page < 3:
            publish(director, 10 + page, "image", score=0.5)
    assert [number for number in seen if number in before] == before
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("sort", ["-score", "score", "-used_by"])
@pytest.mark.parametrize(
    "cursor",
    [
        "1",
        "x",
        "0x1p0",
        "0x1p0.",
        ".1",
        "nan.1",
        "inf.1",
        "-inf.1",
        "0x1p0.-1",
        "0x1p0.x",
        "0x1p0.²",
        "0x1p99999.1",
        "0x1p0." + "1" * 10,
        "0x1p0.1.",
    ],
)
def test_a_cursor_of_a_ranked_list_is_taken_from_a_page(
    posters: None, api: APIClient, sort: str, cursor: str
) -> None:
    answer = api.get(PATH, {"slot": "poster", "sort": sort, "cursor": cursor})
    read_problem(answer, 400, "bad-cursor")


@pytest.mark.parametrize("cursor", ["x", "-1", "0x1p0.1", "1" * 19])
def test_a_cursor_of_a_numbered_list_is_taken_from_a_page(
    posters: None, api: APIClient, cursor: str
) -> None:
    for sort in ("-number", "number"):
        answer = api.get(PATH, {"slot": "poster", "sort": sort, "cursor": cursor})
        read_problem(answer, 400, "bad-cursor")


@pytest.mark.parametrize(("slot", "hint"), [("postr", "'poster'"), ("zzz", "has no version")])
def test_a_slot_that_nothing_was_published_into_is_not_found(
    posters: None, api: APIClient, slot: str, hint: str
) -> None:
    problem = read_problem(api.get(f"{PATH}?slot={slot}"), 404, "slot-not-found")
    assert hint in problem["detail"]


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("slot", "Poster", "/slot"),
        ("number", "0", "/number/0"),
        ("number", "first", "/number/0"),
        ("number", str(2**31), "/number/0"),
        ("origin", "made", "/origin"),
        ("since", "yesterday", "/since"),
        ("until", "2030-13-01", "/until"),
        ("status", "done", "/status"),
        ("is_best", "maybe", "/is_best"),
        ("type", "picture", "/type"),
        ("min_score", "high", "/min_score"),
        ("min_score", "nan", "/min_score"),
        ("hidden", "true", "/hidden"),
        ("sort", "name", "/sort"),
        ("sort", "used_by", "/sort"),
        ("author", "\x00", "/author"),
        ("tag", "\x00", "/tag"),
        ("used_by", "\x00", "/used_by"),
        ("limit", "1001", "/limit"),
    ],
)
def test_a_wrong_parameter_is_named(
    posters: None, api: APIClient, name: str, value: str, pointer: str
) -> None:
    problem = read_problem(api.get(PATH, {name: value}), 422, "validation-error")
    assert list_pointers(problem) == [pointer]


@pytest.mark.parametrize("score", ["inf", "-inf", "1e999"])
def test_a_score_beyond_all_others_is_no_fault(posters: None, api: APIClient, score: str) -> None:
    answer = api.get(PATH, {"slot": "poster", "min_score": score})
    assert answer.status_code in (200, 422)


def test_a_tag_is_taken_as_it_stands(posters: None, director: User, api: APIClient) -> None:
    for tag in (" night", "ü😀", "a&b=c"):
        publish(director, 9, "image", tags=[tag])
        newest = Version.objects.filter(slot="poster").latest("number").number
        assert list_numbers(api, tag=tag) == [newest]


def test_the_lists_of_slots_do_not_mix(posters: None, director: User, api: APIClient) -> None:
    publish(director, 9, "image", slot="icon", tags=["night"])
    assert list_numbers(api, "icon") == list_numbers(api, "icon", tag="night") == [1]
    assert list_numbers(api, tag="night") == [2, 1]


def test_pages_are_narrowed_as_the_first_one(posters: None, api: APIClient) -> None:
    pages = list(read_pages(api, "sort=-score&tag=night", 1))
    assert pages == [[2], [1]]


def test_what_is_said_later_is_listed_at_once(posters: None, api: APIClient) -> None:
    send(api, "PATCH", "assets/hero/versions/6?slot=poster", '{"status": "approved"}')
    assert list_numbers(api, status="approved") == [6, 2]
