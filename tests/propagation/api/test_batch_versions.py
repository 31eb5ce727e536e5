"""POST /assets:batch_versions: versions of media for any number of scopes and slots."""

from typing import Any

import pytest

from assets.models import Role
from tests.builders import load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    count_statements,
    list_pointers,
    nothing_written,
    post,
    read_problem,
    send,
)
from tests.staging import once
from versions.models import Version

pytestmark = pytest.mark.django_db
PATH = "assets:batch_versions"
URL = "https://cdn.example/1.png"
FILM = {
    "assets": [
        {"id": "hero", "type": "character"},
        {"id": "villain", "type": "character"},
        {"id": "pier", "type": "location"},
        {"id": "lamp", "type": "prop"},
    ],
    "sequences": [{"sequence_id": "seq-1"}],
    "shots": [{"shot_id": "shot-1"}, {"shot_id": "shot-2"}],
}
SCOPES: dict[str, dict[str, Any]] = {
    "project": {"type": "project"},
    "scene": {"type": "scene", "scene_id": "shot-1"},
    "scenes": {"type": "scenes", "scene_ids": ["shot-2"]},
    "characters": {"type": "characters", "character_ids": ["hero"]},
    "locations": {"type": "locations", "location_ids": ["pier"]},
    "assets": {"type": "assets", "asset_ids": ["lamp"]},
}


@once
def ferry() -> None:
    """Have the project `film` with something of each type."""
    load(FILM)


def make_entry(scope: object = None, **more: object) -> dict[str, Any]:
    """Return an entry: one poster of the hero unless something else is said."""
    named: object = scope or SCOPES["characters"]
    if isinstance(named, dict):
        named = {"project_id": "film", **named}
    return {"scope": named, "slot": "poster", "type": "image", "urls": [URL], **more}


def send_batch(api: APIClient, *entries: object, **more: object) -> Answer:
    """Send the entries."""
    return post(api, PATH, {"entries": list(entries), **more})


def refuse(api: APIClient, *entries: object, **more: object) -> list[dict[str, Any]]:
    """Check that nothing is written, and return the errors."""
    with nothing_written():
        answer = send_batch(api, *entries, **more)
    problem = read_problem(answer, 422, "batch-invalid")
    assert problem["versions"] == []
    errors: list[dict[str, Any]] = problem["errors"]
    return errors


@pytest.mark.parametrize(
    ("scope", "ids"),
    [
        ("project", ["film:/poster_v1"]),
        ("scene", ["shot-1/poster_v1"]),
        ("scenes", ["shot-2/poster_v1"]),
        ("characters", ["hero/poster_v1"]),
        ("locations", ["pier/poster_v1"]),
        ("assets", ["lamp/poster_v1"]),
    ],
)
def test_every_type_of_scope_names_its_entities(
    ferry: None, api: APIClient, scope: str, ids: list[str]
) -> None:
    answer = send_batch(api, make_entry(SCOPES[scope]))
    assert answer.status_code == 201, answer.content
    assert answer.json()["errors"] == []
    assert [one["id"] for one in answer.json()["versions"]] == ids


def test_a_scene_may_be_a_sequence(ferry: None, api: APIClient) -> None:
    answer = send_batch(api, make_entry({"type": "scenes", "scene_ids": ["seq-1"]}))
    assert [one["id"] for one in answer.json()["versions"]] == ["seq-1/poster_v1"]


def test_versions_tell_of_which_entry_they_are(ferry: None, api: APIClient) -> None:
    entries = [make_entry(urls=[URL, URL]), make_entry(SCOPES["scene"], slot="clip", type="video")]
    versions = send_batch(api, *entries).json()["versions"]
    told = [(one["index"], one["asset_id"], one["slot"], one["number"]) for one in versions]
    assert told == [(0, "hero", "poster", 1), (0, "hero", "poster", 2), (1, "shot-1", "clip", 1)]


def test_entries_of_the_same_slot_number_on(ferry: None, api: APIClient) -> None:
    versions = send_batch(api, make_entry(), make_entry(best=True), make_entry()).json()["versions"]
    assert [(one["number"], one["is_best"]) for one in versions] == [
        (1, False),
        (2, True),
        (3, False),
    ]


def test_one_entry_names_several_entities_and_each_file_one_of_them(
    ferry: None, api: APIClient
) -> None:
    scope = {"type": "characters", "character_ids": ["hero", "villain"]}
    media = [{"id": "villain", "url": URL}, {"id": "hero", "url": URL}, {"id": "hero", "url": URL}]
    answer = send_batch(api, make_entry(scope, urls=[], media=media))
    assert [one["id"] for one in answer.json()["versions"]] == [
        "villain/poster_v1",
        "hero/poster_v1",
        "hero/poster_v2",
    ]


def test_with_several_entities_every_file_says_whose_it_is(ferry: None, api: APIClient) -> None:
    scope = {"type": "characters", "character_ids": ["hero", "villain"]}
    media = [{"id": "hero", "url": URL}, {"url": URL}]
    (by_url,) = refuse(api, make_entry(scope))
    (by_media,) = refuse(api, make_entry(scope, urls=[], media=media))
    assert [one["pointer"] for one in (by_url, by_media)] == [
        "/entries/0/media/0/id",
        "/entries/0/media/1/id",
    ]
    assert {one["code"] for one in (by_url, by_media)} == {"invalid-media"}


def test_a_file_is_of_an_entity_in_the_scope(ferry: None, api: APIClient) -> None:
    entry = make_entry(urls=[], media=[{"id": "villain", "url": URL}])
    (error,) = refuse(api, entry)
    assert error["pointer"] == "/entries/0/media/0/id"
    assert "'villain'" in error["detail"]


def test_a_bad_entry_spoils_only_itself(ferry: None, api: APIClient) -> None:
    bad = make_entry({"type": "scene", "scene_id": "shot-9"})
    answer = send_batch(api, make_entry(), bad, make_entry(SCOPES["scene"]))
    assert answer.status_code == 201
    assert [one["index"] for one in answer.json()["versions"]] == [0, 2]
    assert answer.json()["errors"] == [
        {
            "index": 1,
            "code": "bad-scope",
            "detail": "No scene 'shot-9' in film.",
            "pointer": "/entries/1/scope/scene_id",
        }
    ]
    assert Version.objects.filter(slot="poster").count() == 2


def test_of_an_entry_all_files_are_created_or_none(ferry: None, api: APIClient) -> None:
    media = [{"url": URL}, {"file": "1/nothing.png"}]
    answer = send_batch(api, make_entry(urls=[], media=media), make_entry(SCOPES["scene"]))
    assert [one["id"] for one in answer.json()["versions"]] == ["shot-1/poster_v1"]
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/entries/0/media/1/file"]


def test_all_or_nothing_is_nothing_when_an_entry_is_bad(ferry: None, api: APIClient) -> None:
    bad = make_entry({"type": "scene", "scene_id": "shot-9"})
    errors = refuse(api, make_entry(), bad, atomic="all")
    assert [one["index"] for one in errors] == [1]
    assert send_batch(api, make_entry(), atomic="all").status_code == 201


def test_nothing_is_written_when_every_entry_is_bad(ferry: None, api: APIClient) -> None:
    errors = refuse(api, make_entry(type="picture"), make_entry({"type": "nothing"}))
    assert [one["index"] for one in errors] == [0, 1]


BAD_SCOPES: dict[str, tuple[object, str, str]] = {
    "no object": ("hero", "", "object"),
    "a list": ([SCOPES["scene"]], "", "object"),
    "no type": ({}, "/type", "characters"),
    "a typo in the type": ({"type": "charcters"}, "/type", "'characters'"),
    "a type that is no text": ({"type": ["scene"]}, "/type", "scene"),
    "two scopes": (
        {**SCOPES["characters"], "scene_id": "shot-1"},
        "/scene_id",
        "one scope at a time",
    ),
    "a member of another type": (
        {"type": "project", "asset_ids": ["hero"]},
        "/asset_ids",
        "belongs to a scope of type assets",
    ),
    "a typo in a member": (
        {"type": "characters", "charater_ids": ["hero"]},
        "/charater_ids",
        "'character_ids'",
    ),
    "an unknown member": ({**SCOPES["scene"], "colour": 1}, "/colour", "colour"),
    "no ids": ({"type": "characters"}, "/character_ids", "character_ids"),
    "an empty list": ({"type": "characters", "character_ids": []}, "/character_ids", "1 to 1000"),
    "too many ids": (
        {"type": "characters", "character_ids": [str(one) for one in range(1001)]},
        "/character_ids",
        "1 to 1000",
    ),
    "one id where a list is": (
        {"type": "characters", "character_ids": "hero"},
        "/character_ids",
        "1 to 1000",
    ),
    "a list where one id is": ({"type": "scene", "scene_id": ["shot-1"]}, "/scene_id", "scene_id"),
    "an id that is no text": (
        {"type": "characters", "character_ids": ["hero", 7]},
        "/character_ids/1",
        "text",
    ),
    "an id twice": (
        {"type": "characters", "character_ids": ["hero", "hero"]},
        "/character_ids/1",
        "'hero'",
    ),
    "an unknown id": (
        {"type": "characters", "character_ids": ["hero", "nobody"]},
        "/character_ids/1",
        "'nobody'",
    ),
    "an id in another spelling": (
        {"type": "characters", "character_ids": ["Hero"]},
        "/character_ids/0",
        "'Hero'",
    ),
    "an id of another type": (
        {"type": "characters", "character_ids": ["pier"]},
        "/character_ids/0",
        "'pier' is a location, not a character",
    ),
    "an asset as a scene": ({"type": "scene", "scene_id": "lamp"}, "/scene_id", "is a prop"),
    "the project as an asset": (
        {"type": "assets", "asset_ids": ["film:"]},
        "/asset_ids/0",
        "is a project",
    ),
    "no project": ({**SCOPES["scene"], "project_id": None}, "/project_id", "project_id"),
    "an unknown project": ({**SCOPES["scene"], "project_id": "fim"}, "/project_id", "'fim'"),
}


@pytest.mark.parametrize("what", BAD_SCOPES)
def test_a_bad_scope_is_named_where_it_is_wrong(ferry: None, api: APIClient, what: str) -> None:
    scope, pointer, word = BAD_SCOPES[what]
    entry = make_entry() | {
        "scope": {"project_id": "film", **scope} if isinstance(scope, dict) else scope
    }
    (error,) = refuse(api, entry)
    assert (error["code"], error["pointer"]) == ("bad-scope", f"/entries/0/scope{pointer}")
    assert word in error["detail"]


def test_an_entry_without_a_scope_is_refused(ferry: None, api: APIClient) -> None:
    entry = make_entry()
    del entry["scope"]
    (error,) = refuse(api, entry)
    assert (error["code"], error["pointer"]) == ("bad-scope", "/entries/0/scope")


def test_a_project_that_one_may_not_see_reads_as_one_that_is_not_there(ferry: None) -> None:
    load(star(1), code="other")
    client = APIClient()
    client.force_authenticate(make_user("ann", roles={"other": Role.ADMIN}))
    hidden, absent = (
        refuse(client, make_entry({**SCOPES["scene"], "project_id": code}))[0]
        for code in ("film", "none")
    )
    assert (hidden["code"], hidden["pointer"]) == ("bad-scope", "/entries/0/scope/project_id")
    assert hidden["detail"].replace("film", "none") == absent["detail"]


def test_roles_are_those_in_each_project(ferry: None) -> None:
    load(star(1), code="other")
    client = APIClient()
    roles = {"film": Role.VIEWER, "other": Role.ARTIST}
    client.force_authenticate(make_user("ann", roles=roles))
    answer = send_batch(
        client, make_entry(), make_entry({**SCOPES["characters"], "project_id": "other"})
    )
    (created,), (error,) = answer.json()["versions"], answer.json()["errors"]
    assert (created["project_id"], error["index"], error["code"]) == ("other", 0, "forbidden")


@pytest.mark.parametrize(
    ("more", "code", "pointer"),
    [
        ({"slot": "definition"}, "invalid-media", "/slot"),
        ({"type": "picture"}, "invalid-media", "/type"),
        ({"urls": []}, "invalid-media", "/urls"),
        ({"urls": ["a.png"]}, "invalid-media", "/urls/0"),
        ({"url": URL}, "invalid-media", "/url"),
        ({"metadata": {"tags": "night"}}, "invalid-metadata", "/metadata"),
        ({"made_from": 9}, "version-not-found", ""),
    ],
)
def test_a_wrong_entry_is_named(
    ferry: None, api: APIClient, more: dict[str, object], code: str, pointer: str
) -> None:
    answer = send_batch(api, make_entry(SCOPES["scene"]), make_entry(**more))
    assert answer.status_code == 201
    (error,) = answer.json()["errors"]
    assert (error["index"], error["code"], error["pointer"]) == (1, code, f"/entries/1{pointer}")


@pytest.mark.parametrize("entry", [None, [], "hero", 7])
def test_an_entry_that_is_no_object_spoils_only_itself(
    ferry: None, api: APIClient, entry: object
) -> None:
    answer = send_batch(api, entry, make_entry())
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/entries/0"]
    assert [one["index"] for one in answer.json()["versions"]] == [1]


def test_a_locked_entity_spoils_only_its_entry(ferry: None, api: APIClient) -> None:
    send(api, "PUT", "assets/hero/lock", '{"is_locked": true}')
    answer = send_batch(api, make_entry(), make_entry(SCOPES["scene"]))
    (created,), (error,) = answer.json()["versions"], answer.json()["errors"]
    assert (created["asset_id"], error["index"], error["code"]) == ("shot-1", 0, "locked")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/entries"),
        ({"entries": []}, "/entries"),
        ({"entries": {}}, "/entries"),
        ({"entries": [{}] * 501}, "/entries"),
        ({"entries": [{}], "atomic": True}, "/atomic"),
        ({"entries": [{}], "atomic": "none"}, "/atomic"),
        ({"entries": [{}], "dry_run": True}, "/dry_run"),
    ],
)
def test_a_wrong_body_is_named(ferry: None, api: APIClient, body: object, pointer: str) -> None:
    with nothing_written():
        answer = post(api, PATH, body)
    assert answer.status_code == 422
    assert list_pointers(answer.json()) == [pointer]


def test_500_entries_take_as_many_statements_as_one(api: APIClient) -> None:
    load(star(500))
    counts = set()
    for amount in (1, 50, 500):
        entries = [
            make_entry(
                {"type": "scene", "scene_id": f"shot-{index:05}"},
                urls=[f"https://cdn.example/{amount}/{index}"],
                metadata={"tags": ["night"]},
                slot=f"clip{amount}",
                made_from=1,
            )
            for index in range(amount)
        ]
        counts.add(count_statements(api, "POST", PATH, {"entries": entries}))
    assert len(counts) == 1


def test_1000_files_of_one_entry_take_as_many_statements_as_one(api: APIClient) -> None:
    load(star(1))
    counts = {
        count_statements(
            api, "POST", PATH, {"entries": [make_entry(slot=f"p{amount}", urls=[URL] * amount)]}
        )
        for amount in (1, 1000)
    }
    assert len(counts) == 1


def test_any_number_of_ids_that_a_body_holds_is_read(ferry: None, api: APIClient) -> None:
    ids = [[f"{entry}-{one}" for one in range(1000)] for entry in range(400)]
    entries = [make_entry({"type": "assets", "asset_ids": some}) for some in ids]
    errors = refuse(api, *entries)
    assert [one["pointer"] for one in errors] == [
        f"/entries/{index}/scope/asset_ids/0" for index in range(400)
    ]


def test_whose_a_file_is_may_be_said_with_the_project(film: None, api: APIClient) -> None:
    scope = {"type": "assets", "project_id": "film", "asset_ids": ["hero", "shot-00000"]}
    media = [
        {"id": f"film:{code}", "url": "https://media.example/a.png"} for code in scope["asset_ids"]
    ]
    entry = {"scope": scope, "slot": "poster", "type": "image", "media": media}
    answer = post(api, "assets:batch_versions", {"entries": [entry]})
    assert [one["asset_id"] for one in answer.json()["versions"]] == ["hero", "shot-00000"]


@pytest.mark.parametrize(
    ("member", "value", "pointer"),
    [
        ("metadata", {"text": "x" * 50_000}, "/entries/0/metadata"),
        ("provenance", {"parameters": {"text": "x" * 100_000}}, "/entries/0/media/0/provenance"),
    ],
)
def test_what_every_version_would_carry_is_bounded(
    film: None, api: APIClient, member: str, value: object, pointer: str
) -> None:
    scope = {"type": "scene", "project_id": "film", "scene_id": "shot-00000"}
    urls = ["https://media.example/a.png"]
    entry = {"scope": scope, "slot": "poster", "type": "image", "urls": urls, member: value}
    with nothing_written():
        answer = post(api, "assets:batch_versions", {"entries": [entry]})
    problem = read_problem(answer, 422, "batch-invalid")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_what_all_versions_of_a_call_would_carry_is_bounded(film: None, api: APIClient) -> None:
    urls = [f"https://media.example/{number}.png" for number in range(1000)]
    body = {"slot": "poster", "type": "image", "urls": urls, "metadata": {"text": "x" * 40_000}}
    with nothing_written():
        answer = post(api, "assets/hero/versions", body)
    read_problem(answer, 422, "invalid-media")
