"""POST and DELETE /edges: references between entities."""

import json
from itertools import pairwise

import pytest

from assets.models import AssetReference
from propagation.models import PropagationRun
from tests.builders import chain, change, drive, load, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    list_pointers,
    nothing_written,
    only_a_conflict_written,
    post,
    read_problem,
    send,
)
from tests.staging import once
from versions.models import Pin

pytestmark = pytest.mark.django_db


@once
def line() -> None:
    """Have a0 → a1 → a2 → a3."""
    load(chain(4))


def delete(api: APIClient, **edge: str) -> Answer:
    """DELETE the edge."""
    return api.delete("/api/v1/edges", edge, format="json")


def test_an_edge_is_added_and_its_target_and_all_behind_it_follow(
    line: None, api: APIClient
) -> None:
    edge = {
        "source": "a0",
        "target": "a2",
        "role": "seen_in",
        "label": "back",
        "position": 3,
        "attributes": {"a": [1]},
        "note": "as in the script",
    }
    answer = post(api, "edges", edge)
    run = PropagationRun.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {
        "status": "accepted",
        "run_id": run.pk,
        "status_url": f"/api/v1/runs/{run.pk}",
        "source": "a0",
        "target": "a2",
        "role": "seen_in",
        "affected_entities": 1,
    }
    assert answer["Location"] == f"/api/v1/runs/{run.pk}"
    assert (run.kind, run.note) == ("relink", "as in the script")
    stored = AssetReference.objects.get(role="seen_in")
    assert (stored.label, stored.position, stored.attributes) == ("back", 3, {"a": [1]})
    uses = api.get("/api/v1/assets/a2/versions/2").json()["uses"]
    (seen,) = (use for use in uses if use["role"] == "seen_in")
    assert (seen["id"], seen["label"], seen["version"]) == ("a0", "back", "a0_v1")


def test_an_edge_that_exists_is_not_added_again(line: None, api: APIClient) -> None:
    with nothing_written():
        answer = post(api, "edges", {"source": "a0", "target": "a1"})
    assert (answer.status_code, answer.json()["run_id"]) == (200, None)


def test_edges_between_the_same_two_differ_in_role_or_label(line: None, api: APIClient) -> None:
    for more in ({"role": "other"}, {"label": "b"}, {"role": "other", "label": "b"}):
        assert post(api, "edges", {"source": "a0", "target": "a1", **more}).status_code == 202
    assert AssetReference.objects.filter(source__code="a0", target__code="a1").count() == 4


def test_an_edge_that_closes_a_cycle_is_answered_with_the_cycle(line: None, api: APIClient) -> None:
    with only_a_conflict_written():
        answer = post(api, "edges", {"source": "a3", "target": "a1"})
    cycle = read_problem(answer, 409, "dependency-cycle")["cycle"]
    assert cycle[0] == cycle[-1]
    steps = set(pairwise(cycle))
    assert steps == {("a1", "a2"), ("a2", "a3"), ("a3", "a1")}


def test_an_edge_from_an_entity_to_itself_is_a_cycle(line: None, api: APIClient) -> None:
    with nothing_written():
        answer = post(api, "edges", {"source": "a1", "target": "film:a1"})
    assert read_problem(answer, 409, "dependency-cycle")["cycle"] == ["a1", "a1"]


def test_an_edge_stays_within_its_project(line: None, api: APIClient) -> None:
    load(star(1), code="other")
    for source, target in (("a0", "hero"), ("hero", "a0")):
        with nothing_written():
            answer = post(api, "edges", {"source": source, "target": target})
        read_problem(answer, 422, "cross-project-edge")


@pytest.mark.parametrize("end", ["source", "target"])
def test_an_end_that_nobody_knows_is_not_found(line: None, api: APIClient, end: str) -> None:
    edge = {"source": "a0", "target": "a2", end: "nobody"}
    read_problem(post(api, "edges", edge), 404, "not-found")
    read_problem(delete(api, **edge), 404, "not-found")


def test_an_edge_is_removed_and_all_behind_it_follow(line: None, api: APIClient) -> None:
    answer = delete(api, source="a0", target="a1")
    assert (answer.status_code, answer.json()["affected_entities"]) == (202, 2)
    assert not AssetReference.objects.filter(source__code="a0").exists()
    assert api.get("/api/v1/assets/a1/versions/2").json()["uses"] == []
    assert api.get("/api/v1/assets/a0/dependencies").json()["dependencies"] == []
    with nothing_written():
        answer = delete(api, source="a0", target="a1")
    read_problem(answer, 404, "not-found")


def test_of_several_references_the_one_to_remove_is_named(line: None, api: APIClient) -> None:
    post(api, "edges", {"source": "a0", "target": "a1", "role": "seen_in"})
    with nothing_written():
        problem = read_problem(delete(api, source="a0", target="a1"), 422, "invalid-edge")
    assert "seen_in" in problem["detail"]
    assert delete(api, source="a0", target="a1", role="depends_on").status_code == 202
    assert AssetReference.objects.get(source__code="a0", target__code="a1").role == "seen_in"


def test_a_reference_is_removed_whatever_its_role(line: None, api: APIClient) -> None:
    post(api, "edges", {"source": "a0", "target": "a2", "role": "seen_in", "label": "back"})
    answer = delete(api, source="a0", target="a2")
    assert (answer.status_code, answer.json()["role"]) == (202, "seen_in")


@pytest.mark.parametrize(
    "edge",
    [
        {"source": "a0", "target": "a2"},
        {"source": "a1", "target": "a0"},
        {"source": "a0", "target": "a0"},
        {"source": "a0", "target": "a1", "role": "other"},
        {"source": "a0", "target": "a1", "label": "other"},
    ],
)
def test_an_edge_that_is_not_there_cannot_be_removed(
    line: None, api: APIClient, edge: dict[str, str]
) -> None:
    with nothing_written():
        answer = delete(api, **edge)
    read_problem(answer, 404, "not-found")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source", ""),
        ("source", None),
        ("source", []),
        ("source", "x" * 401),
        ("target", {}),
        ("role", ""),
        ("role", "Upper"),
        ("role", "a" * 33),
        ("role", "a-b"),
        ("role", None),
        ("label", "x" * 65),
        ("label", None),
        ("position", -1),
        ("position", 2**31),
        ("position", "first"),
        ("attributes", []),
        ("attributes", None),
        ("follow", "always"),
        ("follow", ""),
        ("follow", None),
        ("note", "x" * 2001),
    ],
)
def test_a_wrong_field_is_named(line: None, api: APIClient, field: str, value: object) -> None:
    edge = {"source": "a0", "target": "a2", field: value}
    for method in ("post", "delete"):
        with nothing_written():
            answer = getattr(api, method)("/api/v1/edges", edge, format="json")
        assert list_pointers(read_problem(answer, 422, "validation-error")) == [f"/{field}"]


def test_both_ends_are_needed(line: None, api: APIClient) -> None:
    pointers = list_pointers(read_problem(post(api, "edges", {}), 422, "validation-error"))
    assert pointers == ["/source", "/target"]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_an_edge_has_no_dry_run(line: None, api: APIClient, method: str) -> None:
    with nothing_written():
        answer = send(
            api, method, "edges?dry_run=true", json.dumps({"source": "a0", "target": "a1"})
        )
    assert "dry_run" in read_problem(answer, 400, "unknown-parameter")["detail"]


@pytest.mark.parametrize("field", ["folow", "project", "id"])
def test_an_unknown_field_is_named(line: None, api: APIClient, field: str) -> None:
    edge = {"source": "a0", "target": "a2", field: "x"}
    answer = send(api, "DELETE", "edges", "{}")
    read_problem(answer, 422, "validation-error")
    assert list_pointers(read_problem(post(api, "edges", edge), 422, "unknown-field")) == [
        f"/{field}"
    ]


@pytest.mark.parametrize("follow", ["best", "latest", "latest_approved", "frozen"])
def test_an_edge_follows_as_it_is_told(line: None, api: APIClient, follow: str) -> None:
    edge = {"source": "a0", "target": "a2", "follow": follow}
    assert post(api, "edges", edge).status_code == 202
    assert AssetReference.objects.get(source__code="a0", target__code="a2").follow == follow
    with nothing_written():
        assert post(api, "edges", edge).status_code == 200


def test_an_edge_follows_the_best_unless_it_is_told_otherwise(line: None, api: APIClient) -> None:
    edge = {"source": "a0", "target": "a2"}
    post(api, "edges", edge)
    reference = AssetReference.objects.get(source__code="a0", target__code="a2")
    assert reference.follow == "best"
    assert post(api, "edges", {**edge, "follow": "frozen"}).status_code == 202
    post(api, "edges", {**edge, "position": 2})
    reference.refresh_from_db()
    assert (reference.follow, reference.position) == ("frozen", 2)


def test_a_frozen_edge_stays_where_it_is_until_it_follows_again(line: None, api: APIClient) -> None:
    edge = {"source": "a0", "target": "a1"}
    post(api, "edges", {**edge, "follow": "frozen"})
    run = change("a0", material="oak").run
    assert run
    drive(run)
    assert list_uses(api, "a1") == ["a0_v1"]
    post(api, "edges", {**edge, "follow": "best"})
    assert list_uses(api, "a1") == ["a0_v2"]


def test_a_locked_target_gets_and_loses_no_edge(line: None, api: APIClient) -> None:
    send(api, "PUT", "assets/a2/lock", '{"is_locked": true}')
    with nothing_written():
        for answer in (
            post(api, "edges", {"source": "a0", "target": "a2"}),
            delete(api, source="a1", target="a2"),
        ):
            read_problem(answer, 423, "locked")
    assert (
        post(api, "edges", {"source": "a2", "target": "a3", "role": "seen_in"}).status_code == 202
    )


def list_uses(api: APIClient, code: str) -> list[str]:
    """Return the versions that the newest version of the entity was made from."""
    number = api.get(f"/api/v1/assets/{code}").json()["latest"].rpartition("_v")[2]
    uses = api.get(f"/api/v1/assets/{code}/versions/{number}").json()["uses"]
    return [use["version"] for use in uses]


def test_texts_end_at_their_limits(line: None, api: APIClient) -> None:
    edge = {
        "source": "a0",
        "target": "a2",
        "role": "r" * 32,
        "label": "ü" * 64,
        "note": "n" * 2000,
        "position": 2**31 - 1,
    }
    assert post(api, "edges", edge).status_code == 202


def test_only_the_same_edge_clashes_when_its_target_moved_meanwhile(
    line: None, api: APIClient
) -> None:
    """Whoever edits what a target uses says which version of it they saw."""
    edge = {"source": "a0", "target": "a2", "role": "seen_in"}
    seen = {"HTTP_IF_MATCH": api.get("/api/v1/assets/a2")["ETag"]}
    change("a2", value=1)
    assert post(api, "edges", edge, **seen).status_code == 202
    with only_a_conflict_written():
        other = post(api, "edges", {**edge, "position": 3}, **seen)
    assert other.status_code == 409
    (field,) = other.json()["conflicts"][0]["fields"]
    assert (field["field"], field["absent"]) == ("uses[a0 seen_in]", ["base"])
    assert (field["theirs"]["position"], field["yours"]["position"]) == (0, 3)
    with only_a_conflict_written():
        pin = {"source": "a0", "role": "seen_in", "reason": "graded"}
        pinned = send(api, "PUT", "assets/a2/pins", json.dumps(pin), **seen)
    assert pinned.json()["status"] == "conflict"
    assert not Pin.objects.exists()
    with nothing_written():
        never = {"HTTP_IF_MATCH": '"a2_v9"'}
        read_problem(post(api, "edges", {**edge, "label": "b"}, **never), 412, "version-conflict")
    assert send(api, "DELETE", "edges", json.dumps(edge)).status_code == 202
