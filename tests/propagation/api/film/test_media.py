"""POST /assets/{id}/versions: versions of media, numbered, described and made from something."""

from typing import Any

import pytest

from tests.builders import change, get_entity
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    list_pointers,
    nothing_written,
    post,
    read_problem,
    send,
)
from versions.models import BestChoice, Head, Media, Version

pytestmark = pytest.mark.django_db
PATH = "assets/hero/versions"
URLS = ["https://cdn.example/1.png", "https://cdn.example/2.png", "s3://bucket/3.png"]
POSTER = {"slot": "poster", "type": "image", "urls": URLS[:1]}


def create(api: APIClient, code: str = "hero", **body: object) -> list[dict[str, Any]]:
    """Create versions of posters and return them as they are answered."""
    answer = post(api, f"assets/{code}/versions", {**POSTER, **body})
    assert answer.status_code == 201, answer.content
    created: list[dict[str, Any]] = answer.json()["versions"]
    return created


def read(api: APIClient, number: int, slot: str = "poster") -> dict[str, Any]:
    """Return a version of media of the hero as a GET answers it."""
    answer = api.get(f"/api/v1/{PATH}/{number}?slot={slot}")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def refuse(api: APIClient, body: object, status: int, code: str) -> dict[str, Any]:
    """Check that the body is refused with this problem and nothing written."""
    with nothing_written():
        answer = post(api, PATH, body)
    return read_problem(answer, status, code)


def test_urls_become_consecutive_versions_of_which_the_first_is_the_best(
    film: None, api: APIClient
) -> None:
    created = create(api, urls=URLS)
    told = [(one["id"], one["number"], one["url"], one["is_best"]) for one in created]
    assert told == [
        ("hero/poster_v1", 1, URLS[0], True),
        ("hero/poster_v2", 2, URLS[1], False),
        ("hero/poster_v3", 3, URLS[2], False),
    ]
    assert [one["number"] for one in create(api, urls=URLS[:2])] == [4, 5]
    head = Head.objects.get(slot="poster")
    assert (head.best.number, head.latest.number) == (1, 5)


def test_what_is_answered_is_what_was_created(film: None, api: APIClient) -> None:
    assert create(api) == [
        {
            "asset_id": "hero",
            "project_id": "film",
            "slot": "poster",
            "id": "hero/poster_v1",
            "number": 1,
            "is_best": True,
            "type": "image",
            "url": URLS[0],
            "thumbnail_url": None,
            "provenance": {},
        }
    ]


def test_a_version_of_media_is_read_as_it_was_created(film: None, api: APIClient) -> None:
    create(api, note="from the agency", metadata={"tags": ["night"]})
    stored = Version.objects.get(slot="poster")
    shown = read(api, 1)
    assert shown.pop("created_at")
    assert shown == {
        "id": "hero/poster_v1",
        "slot": "poster",
        "number": 1,
        "origin": "authored",
        "author": "director",
        "run_id": None,
        "note": "from the agency",
        "checksum": stored.checksum,
        "status": "draft",
        "is_hidden": False,
        "metadata": {"tags": ["night"]},
        "is_best": True,
        "is_latest": True,
        "is_latest_approved": False,
        "type": "image",
        "url": URLS[0],
        "thumbnail_url": None,
        "provenance": {},
        "made_from": "hero_v1",
        "is_outdated": False,
    }


def test_the_answer_has_the_etag_of_the_last_version(film: None, api: APIClient) -> None:
    answer = post(api, PATH, {**POSTER, "urls": URLS})
    assert answer["ETag"] == '"hero/poster_v3"'


def test_the_last_of_those_that_shall_be_the_best_is(film: None, api: APIClient) -> None:
    create(api)
    created = create(api, urls=URLS, best=True)
    assert [one["is_best"] for one in created] == [False, False, True]
    assert [read(api, number)["is_best"] for number in (1, 2, 3, 4)] == [False] * 3 + [True]
    chosen = BestChoice.objects.order_by("pk").values_list("version__number", flat=True)
    assert list(chosen) == [1, 4]


def test_a_later_version_does_not_become_the_best_by_itself(film: None, api: APIClient) -> None:
    create(api)
    assert [one["is_best"] for one in create(api)] == [False]
    assert read(api, 1)["is_best"]


def test_slots_number_their_versions_each_for_itself(film: None, api: APIClient) -> None:
    create(api)
    assert [one["id"] for one in create(api, slot="trailer", type="video")] == ["hero/trailer_v1"]
    assert [one["id"] for one in create(api, code="shot-00001")] == ["shot-00001/poster_v1"]


@pytest.mark.parametrize("kind", ["image", "video", "audio", "text", "model"])
def test_media_are_of_several_types(film: None, api: APIClient, kind: str) -> None:
    create(api, type=kind)
    assert (read(api, 1)["type"], Media.objects.get().type) == (kind, kind)


def test_thumbnails_are_of_all_or_of_one(film: None, api: APIClient) -> None:
    small, own = "https://cdn.example/s.png", "https://cdn.example/own.png"
    media = [{"url": URLS[0]}, {"url": URLS[1], "thumbnail_url": own}]
    created = create(api, urls=[], media=media, thumbnail_url=small)
    assert [one["thumbnail_url"] for one in created] == [small, own]
    assert [read(api, number)["thumbnail_url"] for number in (1, 2)] == [small, own]


def test_provenance_is_of_all_and_what_one_says_goes_before(film: None, api: APIClient) -> None:
    of_all = {"model": "m1", "prompt": " a hero\n"}
    media = [{"url": URLS[0]}, {"url": URLS[1], "provenance": {"model": "m2", "job_id": "j"}}]
    create(api, urls=[], media=media, provenance=of_all)
    assert [read(api, number)["provenance"] for number in (1, 2)] == [
        of_all,
        {"model": "m2", "prompt": " a hero\n", "job_id": "j"},
    ]


def test_parameters_of_a_model_are_kept_as_they_are(film: None, api: APIClient) -> None:
    parameters = {"seed": 2**53, "cfg": 7.5, "loras": [{"": None}], "ü": True}
    create(api, provenance={"parameters": parameters})
    assert read(api, 1)["provenance"] == {"parameters": parameters}


def test_media_are_made_from_the_best_definition_or_the_one_that_is_named(
    film: None, api: APIClient
) -> None:
    change("hero", colour="blue")
    create(api)
    create(api, made_from=1)
    shown = [read(api, number) for number in (1, 2)]
    assert [(one["made_from"], one["is_outdated"]) for one in shown] == [
        ("hero_v2", False),
        ("hero_v1", True),
    ]


def test_media_are_outdated_once_the_definition_moves_on(film: None, api: APIClient) -> None:
    create(api)
    change("hero", colour="blue")
    assert read(api, 1)["is_outdated"]


def test_two_versions_of_media_are_compared(film: None, api: APIClient) -> None:
    create(api, urls=URLS[:1])
    create(api, urls=URLS[1:2], type="video")
    found = api.get(f"/api/v1/{PATH}/1/diff/2?slot=poster").json()
    assert (found["before"], found["after"]) == ("hero/poster_v1", "hero/poster_v2")
    assert [one["field"] for one in found["fields"]] == ["type", "url"]
    assert (found["media"]["before"]["url"], found["media"]["after"]["type"]) == (URLS[0], "video")


def test_metadata_are_those_of_every_version(film: None, api: APIClient) -> None:
    metadata = {"tags": ["night", "wide"], "evaluation": {"qualityScore": 0.5}, "take": 3}
    create(api, urls=URLS[:2], metadata=metadata)
    assert [read(api, number)["metadata"] for number in (1, 2)] == [metadata] * 2
    listed = api.get(f"/api/v1/{PATH}?slot=poster&tag=wide&min_score=0.5").json()["data"]
    assert [one["number"] for one in listed] == [2, 1]


def test_the_project_itself_has_media(film: None, api: APIClient) -> None:
    (created,) = create(api, code="film:")
    assert (created["id"], created["asset_id"], created["project_id"]) == (
        "film:/poster_v1",
        "film:",
        "film",
    )
    assert Version.objects.get(slot="poster").entity == get_entity("film:")


@pytest.mark.parametrize("code", ["shot-00000", "film:hero", "film:shot-00000"])
def test_every_entity_has_media(film: None, api: APIClient, code: str) -> None:
    (created,) = create(api, code=code)
    assert created["asset_id"] == code.removeprefix("film:")


def test_a_definition_is_no_media(film: None, api: APIClient) -> None:
    problem = refuse(api, {**POSTER, "slot": "definition"}, 422, "validation-error")
    assert list_pointers(problem) == ["/slot"]
    assert "propagate" in problem["detail"]


def test_a_locked_entity_gets_no_media_until_it_is_unlocked(film: None, api: APIClient) -> None:
    send(api, "PUT", "assets/hero/lock", '{"is_locked": true}')
    refuse(api, POSTER, 423, "locked")
    send(api, "PUT", "assets/hero/lock", '{"is_locked": false}')
    assert len(create(api)) == 1


def test_a_definition_that_never_was_made_nothing(film: None, api: APIClient) -> None:
    problem = refuse(api, {**POSTER, "made_from": 2}, 404, "version-not-found")
    assert "hero has no version 2" in problem["detail"]


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("slot", "Poster", "/slot"),
        ("slot", "", "/slot"),
        ("slot", "1st", "/slot"),
        ("slot", "po ster", "/slot"),
        ("slot", "p" * 65, "/slot"),
        ("slot", None, "/slot"),
        ("slot", 7, "/slot"),
        ("type", "picture", "/type"),
        ("type", None, "/type"),
        ("type", [], "/type"),
        ("urls", [], "/urls"),
        ("urls", None, "/urls"),
        ("urls", "https://cdn.example/1.png", "/urls"),
        ("urls", [""], "/urls/0"),
        ("urls", [None], "/urls/0"),
        ("urls", [URLS[0], {}], "/urls/1"),
        ("urls", URLS[:1] * 1001, "/urls"),
        ("thumbnail_url", "small.png", "/thumbnail_url"),
        ("thumbnail_url", "", "/thumbnail_url"),
        ("provenance", [], "/provenance"),
        ("provenance", {"modle": "m"}, "/provenance/modle"),
        ("provenance", {"model": "m" * 201}, "/provenance/model"),
        ("provenance", {"parameters": [1]}, "/provenance/parameters"),
        ("metadata", [], "/metadata"),
        ("metadata", None, "/metadata"),
        ("made_from", 0, "/made_from"),
        ("made_from", 2**31, "/made_from"),
        ("made_from", "hero_v1", "/made_from"),
        ("best", "yes please", "/best"),
        ("note", "n" * 2001, "/note"),
        ("media", [{"url": URLS[0]}], "/urls"),
        ("media", {}, "/media"),
    ],
)
def test_a_wrong_field_is_named(
    film: None, api: APIClient, field: str, value: object, pointer: str
) -> None:
    with nothing_written():
        answer = post(api, PATH, {**POSTER, field: value})
    problem = answer.json()
    assert read_problem(answer, 422, problem["code"])
    assert problem["code"] in ("validation-error", "unknown-field")
    assert list_pointers(problem) == [pointer]


@pytest.mark.parametrize(
    ("item", "pointer"),
    [
        ({}, "/media/0/url"),
        ({"url": URLS[0], "file": "1/a.png"}, "/media/0/url"),
        ({"url": "a.png"}, "/media/0/url"),
        ({"url": URLS[0], "thumbnail_url": "a.png"}, "/media/0/thumbnail_url"),
        ({"url": URLS[0], "colour": "red"}, "/media/0/colour"),
        ({"file": "f" * 256}, "/media/0/file"),
        ("https://cdn.example/1.png", "/media/0"),
    ],
)
def test_a_wrong_item_is_named(film: None, api: APIClient, item: object, pointer: str) -> None:
    with nothing_written():
        answer = post(api, PATH, {"slot": "poster", "type": "image", "media": [item]})
    assert answer.status_code == 422
    assert list_pointers(answer.json()) == [pointer]


@pytest.mark.parametrize(
    "url",
    [
        "poster.png",
        "/poster.png",
        "//cdn.example/poster.png",
        "javascript:alert(1)",
        "JaVaScRiPt://cdn.example/%0aalert(1)",
        "data:image/png;base64,AAAA",
        "ftp://cdn.example/1.png",
        "https:",
        "https://",
        "https:///1.png",
        "https://cdn example/1.png",
        "https://cdn.example/a b.png",
        "https://cdn.example/\ta",
        "https://cdn.example\\@evil.example/",
        "https://ann:secret@cdn.example/1.png",
        "https://[::1/1.png",
        "https://cdn.example/" + "x" * 2048,
    ],
)
def test_what_is_no_url_of_a_file_is_refused(film: None, api: APIClient, url: str) -> None:
    problem = refuse(api, {**POSTER, "urls": [URLS[0], url]}, 422, "validation-error")
    assert list_pointers(problem) == ["/urls/1"]


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.example/ü/п.png",
        "HTTPS://cdn.example:8443/a?b=c&d=%20#e",
        "http://[::1]/1.png",
        "gs://bucket/a",
        "az://container/a",
        "file:///mnt/renders/1.exr",
        "https://cdn.example/" + "x" * 2028,
    ],
)
def test_a_url_comes_back_as_it_went(film: None, api: APIClient, url: str) -> None:
    create(api, urls=[url])
    assert read(api, 1)["url"] == url


@pytest.mark.parametrize(
    "metadata",
    [
        {"tags": "night"},
        {"tags": [""]},
        {"tags": [7]},
        {"tags": ["t" * 65]},
        {"tags": [str(number) for number in range(101)]},
        {"evaluation": 1},
        {"evaluation": {"qualityScore": "high"}},
        {"evaluation": {"qualityScore": True}},
        {"evaluation": {"qualityScore": 10**400}},
    ],
)
def test_metadata_that_lists_cannot_be_sorted_by_are_refused(
    film: None, api: APIClient, metadata: object
) -> None:
    refuse(api, {**POSTER, "metadata": metadata}, 422, "invalid-metadata")


def test_an_id_is_of_the_entity_itself(film: None, api: APIClient) -> None:
    body = {"slot": "poster", "type": "image", "media": [{"url": URLS[0], "id": "shot-00000"}]}
    assert list_pointers(refuse(api, body, 422, "invalid-media")) == ["/media/0/id"]
    body["media"] = [{"url": URLS[0], "id": "hero"}]
    assert post(api, PATH, body).status_code == 201


def test_a_file_that_nobody_uploaded_is_refused(film: None, api: APIClient) -> None:
    body = {"slot": "poster", "type": "image", "media": [{"url": URLS[0]}, {"file": "1/a.png"}]}
    assert list_pointers(refuse(api, body, 422, "invalid-media")) == ["/media/1/file"]


def test_an_unknown_field_is_told_the_near_one(film: None, api: APIClient) -> None:
    problem = refuse(api, {**POSTER, "thumbnail": URLS[0]}, 422, "unknown-field")
    assert "thumbnail_url" in problem["detail"]


def test_slot_and_type_are_needed(film: None, api: APIClient) -> None:
    problem = refuse(api, {"urls": URLS}, 422, "validation-error")
    assert list_pointers(problem) == ["/slot", "/type"]


def test_nobody_is_given_media(film: None, api: APIClient) -> None:
    with nothing_written():
        read_problem(post(api, "assets/nobody/versions", POSTER), 404, "not-found")


def test_creating_has_no_dry_run(film: None, api: APIClient) -> None:
    with nothing_written():
        answer: Answer = post(api, f"{PATH}?dry_run=true", POSTER)
    read_problem(answer, 400, "unknown-parameter")
