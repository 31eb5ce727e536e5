"""PATCH /assets/{id}/versions/{n}: what people say of a version, and what follows approvals."""

import json
from typing import Any

import pytest

from propagation.models import PropagationRun
from tests.builders import change, drive, get_entity
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    list_pointers,
    nothing_written,
    post,
    read_problem,
    send,
)
from versions.models import Annotation, Version

pytestmark = pytest.mark.django_db
PATH = "assets/hero/versions/1"


def say(api: APIClient, said: object, path: str = PATH, **headers: str) -> Answer:
    """Say something about a version, the first one of the hero unless another is named."""
    return send(api, "PATCH", path, json.dumps(said), **headers)


def tell(api: APIClient, path: str = PATH, **said: Any) -> dict[str, Any]:  # noqa: ANN401
    """Say it, and return the version as it is answered."""
    answer = say(api, said, path)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def count_runs() -> int:
    """Return how many runs there are."""
    return PropagationRun.objects.count()


@pytest.mark.parametrize("status", ["draft", "review", "approved", "rejected"])
def test_a_supervisor_says_every_status(as_supervisor: APIClient, status: str) -> None:
    tell(as_supervisor, status="approved" if status == "draft" else "draft")
    assert tell(as_supervisor, status=status)["status"] == status
    assert as_supervisor.get(f"/api/v1/{PATH}").json()["status"] == status


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("draft", "approved"),
        ("draft", "rejected"),
        ("review", "approved"),
        ("review", "rejected"),
        ("approved", "draft"),
        ("approved", "review"),
        ("approved", "rejected"),
        ("rejected", "draft"),
        ("rejected", "review"),
        ("rejected", "approved"),
    ],
)
def test_an_artist_neither_decides_nor_takes_a_decision_back(
    as_artist: APIClient, as_supervisor: APIClient, before: str, after: str
) -> None:
    tell(as_supervisor, status=before)
    with nothing_written():
        problem = read_problem(say(as_artist, {"status": after}), 403, "forbidden")
    assert "'supervisor'" in problem["detail"]
    assert as_artist.get(f"/api/v1/{PATH}").json()["status"] == before


@pytest.mark.parametrize("decided", ["approved", "rejected"])
def test_an_artist_hides_and_describes_what_is_decided(
    as_artist: APIClient, as_supervisor: APIClient, decided: str
) -> None:
    tell(as_supervisor, status=decided)
    said: dict[str, Any] = {"is_hidden": True, "metadata": {"a": 1}, "status": decided}
    shown = tell(as_artist, **said)
    assert {name: shown[name] for name in said} == said


def test_an_artist_sends_to_review_and_takes_it_back(as_artist: APIClient) -> None:
    for status in ("review", "draft"):
        assert tell(as_artist, status=status)["status"] == status


def test_what_is_said_about_one_version_is_not_said_about_others(
    film: None, api: APIClient
) -> None:
    change("hero", colour="blue")
    post(api, "assets/hero/versions", {"slot": "poster", "type": "image", "urls": ["s3://b/1"]})
    tell(api, f"{PATH}?slot=poster", is_hidden=True)
    hidden = {
        path: api.get(f"/api/v1/assets/hero/versions/{path}").json()["is_hidden"]
        for path in ("1", "2", "1?slot=poster")
    }
    assert hidden == {"1": False, "2": False, "1?slot=poster": True}


@pytest.mark.parametrize(
    ("patches", "merged"),
    [
        ([{"a": 1}], {"a": 1}),
        ([{"a": 1}, {"b": {"c": 2}}], {"a": 1, "b": {"c": 2}}),
        ([{"b": {"c": 2, "d": 3}}, {"b": {"c": None}}], {"b": {"d": 3}}),
        ([{"a": 1}, {"a": None}], {}),
        ([{"a": [1, 2]}, {"a": [3]}], {"a": [3]}),
        ([{"a": {"b": 1}}, {"a": "c"}, {"a": {"d": 1}}], {"a": {"d": 1}}),
        ([{"tags": ["night"]}, {"take": 2}], {"tags": ["night"], "take": 2}),
        (
            [{"evaluation": {"qualityScore": 0.5, "by": "ann"}}, {"evaluation": {"by": None}}],
            {"evaluation": {"qualityScore": 0.5}},
        ),
    ],
)
def test_metadata_are_merged(
    as_artist: APIClient, patches: list[object], merged: dict[str, object]
) -> None:
    for patch in patches:
        shown = tell(as_artist, metadata=patch)
    assert shown["metadata"] == merged
    assert as_artist.get(f"/api/v1/{PATH}").json()["metadata"] == merged


def test_scores_and_tags_follow_the_metadata(as_artist: APIClient) -> None:
    def list_found() -> list[list[int]]:
        listed = [
            as_artist.get(f"/api/v1/assets/hero/versions?{query}").json()["data"]
            for query in ("tag=night", "tag=day", "min_score=0.5")
        ]
        return [[one["number"] for one in found] for found in listed]

    tell(as_artist, metadata={"tags": ["night"], "evaluation": {"qualityScore": 0.5}})
    assert list_found() == [[1], [], [1]]
    tell(as_artist, metadata={"tags": ["day", "day"], "evaluation": None})
    assert list_found() == [[], [1], []]


def test_saying_what_is_said_already_writes_nothing(as_artist: APIClient) -> None:
    said = {"status": "review", "is_hidden": True, "metadata": {"a": 1}}
    first = say(as_artist, said)
    for again in (said, {}, {"metadata": {"b": None}}, {"is_hidden": None}):
        with nothing_written():
            answer = say(as_artist, again)
        assert (answer.status_code, answer["ETag"]) == (200, first["ETag"])


def test_the_first_remark_that_says_nothing_new_writes_nothing(as_artist: APIClient) -> None:
    said = {"status": "draft", "is_hidden": False, "metadata": {}}
    with nothing_written():
        answer = say(as_artist, said)
    assert {name: answer.json()[name] for name in said} == said
    assert answer["ETag"] == '"hero_v1;r0"'


def test_each_remark_has_a_revision_and_a_history(as_artist: APIClient) -> None:
    etags = [
        say(as_artist, {"metadata": {"take": take}, "note": f"{take}"})["ETag"] for take in (1, 2)
    ]
    assert etags == ['"hero_v1;r1"', '"hero_v1;r2"']
    annotation = Annotation.objects.get()
    told = [
        (one.history_type, one.history_user.username, one.history_change_reason)
        for one in annotation.history.order_by("history_id")
    ]
    assert told == [("+", "artist", "1"), ("~", "artist", "2")]


def test_a_remark_answers_to_the_revision_that_it_names(as_artist: APIClient) -> None:
    first = say(as_artist, {"metadata": {"take": 1}}, HTTP_IF_MATCH='"hero_v1;r0"')
    assert first.status_code == 200
    second = say(as_artist, {"metadata": {"take": 2}}, HTTP_IF_MATCH=first["ETag"])
    assert second["ETag"] == '"hero_v1;r2"'
    for etag in ('"hero_v1;r0"', first["ETag"], '"hero_v1;r3"'):
        with nothing_written():
            answer = say(as_artist, {"metadata": {"take": 3}}, HTTP_IF_MATCH=etag)
        read_problem(answer, 412, "version-conflict")
    assert say(as_artist, {"metadata": {"take": 3}}, HTTP_IF_MATCH="*").status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "r1",
        '"r0"',
        '"hero_v1"',
        '"hero_v1;r"',
        '"hero_v1;r-1"',
        '"hero_v1;r00"',
        '"hero_v1;r\u0661"',
        '"hero_v2;r0"',
        '"shot-00000_v1;r0"',
        '"hero/poster_v1;r0"',
        'W/"hero_v1;r0"',
        '"hero_v1;r9999999999"',
        '"hero_v1;r0", "hero_v1;r1"',
        "\xff",
    ],
)
def test_what_is_no_revision_of_the_version_is_refused(as_artist: APIClient, header: str) -> None:
    with nothing_written():
        answer = say(as_artist, {"is_hidden": True}, HTTP_IF_MATCH=header)
    assert '"hero_v1;r1"' in read_problem(answer, 400, "bad-etag")["detail"]


def test_the_version_itself_stays_as_it_was_published(film: None, as_supervisor: APIClient) -> None:
    before = Version.objects.filter(entity__code="hero").values().get()
    shown = as_supervisor.get(f"/api/v1/{PATH}").json()
    said: dict[str, Any] = {"status": "approved", "is_hidden": True, "metadata": {"a": 1}}
    after = tell(as_supervisor, **said)
    assert Version.objects.filter(entity__code="hero").values().get() == before
    changed = {name for name in shown if shown[name] != after[name]}
    assert changed == {*said, "is_latest_approved"}
    assert after["checksum"] == shown["checksum"]


def test_the_newest_approved_version_is_the_latest_approved(film: None, api: APIClient) -> None:
    for colour in ("blue", "red"):
        change("hero", colour=colour)

    def get_approved() -> object:
        return api.get("/api/v1/assets/hero").json()["latest_approved"]

    steps: list[tuple[int, str, int | None]] = [
        (2, "approved", 2),
        (1, "approved", 2),
        (3, "approved", 3),
        (3, "rejected", 2),
    ]
    steps += [(2, "draft", 1), (1, "review", None)]
    for number, status, approved in steps:
        tell(api, f"assets/hero/versions/{number}", status=status)
        assert get_approved() == (f"hero_v{approved}" if approved else None)


def follow_approved(api: APIClient, shot: str = "shot-00000") -> None:
    """Let a shot follow the latest approved version of the hero."""
    edge = {
        "source": "hero",
        "target": shot,
        "role": "character",
        "follow": "latest_approved",
    }
    answer = post(api, "edges", edge)
    assert answer.status_code == 202, answer.content
    drive(PropagationRun.objects.get(pk=answer.json()["run_id"]))


def list_uses(code: str) -> list[int]:
    """Return which versions of the hero the references of the entity consumed."""
    references = get_entity(code).uses.filter(source__code="hero")
    return [reference.consumption.version.number for reference in references]


def publish_blue() -> None:
    """Change the hero and bring along what follows the best version."""
    run = change("hero", colour="blue").run
    assert run
    drive(run)


def test_what_follows_the_approved_waits_for_the_approval(film: None, api: APIClient) -> None:
    follow_approved(api)
    publish_blue()
    assert (list_uses("shot-00000"), list_uses("shot-00001")) == ([1], [2])
    answer = say(api, {"status": "approved", "note": "signed"}, "assets/hero/versions/2")
    run = PropagationRun.objects.latest("pk")
    assert answer["Location"] == f"/api/v1/runs/{run.pk}"
    assert (run.kind, run.note) == ("approval", "signed")
    drive(run)
    assert (list_uses("shot-00000"), list_uses("shot-00001")) == ([2], [2])
    versions = Version.objects.filter(entity__code="shot-00001", slot="definition")
    assert versions.count() == 2


def test_approving_starts_no_run_where_nothing_follows_approvals(
    film: None, api: APIClient
) -> None:
    publish_blue()
    before = count_runs()
    for number in (1, 2):
        answer = say(api, {"status": "approved"}, f"assets/hero/versions/{number}")
        assert not answer.has_header("Location")
    assert count_runs() == before


def test_approving_what_is_used_already_starts_no_run(film: None, api: APIClient) -> None:
    follow_approved(api)
    before = count_runs()
    tell(api, status="approved")
    assert count_runs() == before


def test_approving_something_older_than_the_approved_starts_no_run(
    film: None, api: APIClient
) -> None:
    publish_blue()
    tell(api, "assets/hero/versions/2", status="approved")
    follow_approved(api)
    before = count_runs()
    tell(api, status="approved")
    assert (count_runs(), list_uses("shot-00000")) == (before, [2])


def test_approving_media_starts_no_run(film: None, api: APIClient) -> None:
    follow_approved(api)
    publish_blue()
    post(api, "assets/hero/versions", {"slot": "poster", "type": "image", "urls": ["s3://b/1"]})
    before = count_runs()
    tell(api, f"{PATH}?slot=poster", status="approved")
    assert count_runs() == before


@pytest.mark.parametrize(
    "said", [{"is_hidden": True}, {"status": "review"}, {"metadata": {"a": 1}}]
)
def test_what_is_no_approval_starts_no_run(film: None, api: APIClient, said: object) -> None:
    follow_approved(api)
    publish_blue()
    before = count_runs()
    assert say(api, said, "assets/hero/versions/2").status_code == 200
    assert count_runs() == before


def test_taking_an_approval_back_leads_back_to_the_one_before(film: None, api: APIClient) -> None:
    tell(api, status="approved")
    follow_approved(api)
    publish_blue()
    tell(api, "assets/hero/versions/2", status="approved")
    drive(PropagationRun.objects.latest("pk"))
    assert list_uses("shot-00000") == [2]
    assert say(api, {"status": "rejected"}, "assets/hero/versions/2").has_header("Location")
    drive(PropagationRun.objects.latest("pk"))
    assert list_uses("shot-00000") == [1]


def test_taking_the_only_approval_back_moves_nothing(film: None, api: APIClient) -> None:
    follow_approved(api)
    publish_blue()
    tell(api, "assets/hero/versions/2", status="approved")
    drive(PropagationRun.objects.latest("pk"))
    before = count_runs()
    tell(api, "assets/hero/versions/2", status="draft")
    assert (count_runs(), list_uses("shot-00000")) == (before, [2])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "done"),
        ("status", ""),
        ("status", None),
        ("is_hidden", "maybe"),
        ("metadata", []),
        ("metadata", "a"),
        ("metadata", None),
        ("note", "n" * 2001),
        ("note", None),
    ],
)
def test_a_wrong_field_is_named(as_supervisor: APIClient, field: str, value: object) -> None:
    with nothing_written():
        problem = read_problem(say(as_supervisor, {field: value}), 422, "validation-error")
    assert list_pointers(problem) == [f"/{field}"]


def test_an_unknown_field_is_told_the_near_one(as_supervisor: APIClient) -> None:
    with nothing_written():
        answer = say(as_supervisor, {"hidden": True})
    assert "'is_hidden'" in read_problem(answer, 422, "unknown-field")["detail"]


@pytest.mark.parametrize(
    "metadata",
    [{"tags": "night"}, {"evaluation": {"qualityScore": "high"}}, {"tags": ["a"], "evaluation": 7}],
)
def test_metadata_that_lists_cannot_be_sorted_by_are_refused(
    as_artist: APIClient, metadata: object
) -> None:
    tell(as_artist, metadata={"take": 1})
    with nothing_written():
        read_problem(say(as_artist, {"metadata": metadata}), 422, "invalid-metadata")
    assert as_artist.get(f"/api/v1/{PATH}").json()["metadata"] == {"take": 1}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("assets/hero/versions/2", "version-not-found"),
        ("assets/hero/versions/0", "version-not-found"),
        (f"{PATH}?slot=poster", "slot-not-found"),
    ],
)
def test_a_version_that_never_was_is_not_found(
    as_supervisor: APIClient, path: str, code: str
) -> None:
    with nothing_written():
        answer = say(as_supervisor, {"is_hidden": True}, path)
    read_problem(answer, 404, code)


def test_a_locked_entity_is_spoken_of(film: None, api: APIClient) -> None:
    send(api, "PUT", "assets/hero/lock", '{"is_locked": true}')
    assert tell(api, status="approved")["status"] == "approved"
