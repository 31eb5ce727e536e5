"""GET /assets/{id}/dependencies: whom a change affects."""

import json

import pytest

from tests.builders import chain, change, drive, load
from tests.client import APIClient
from tests.propagation.api.asking import list_pointers, read_problem, send

pytestmark = pytest.mark.django_db
FILM = {
    "assets": [
        {"id": "hero", "type": "character"},
        {"id": "coat", "type": "wardrobe", "worn_by": "hero"},
    ],
    "shots": [
        {
            "shot_id": "shot-1",
            "visual_prompt": {"character_references": [{"asset_id": "hero"}]},
        }
    ],
    "sequences": [{"sequence_id": "seq-1", "shots": ["shot-1"]}],
}


def test_the_answer_holds_ids_nodes_and_edges(api: APIClient) -> None:
    load(chain(3))
    answer = api.get("/api/v1/assets/a0/dependencies").json()
    revision = answer.pop("graph_revision")
    assert answer == {
        "asset_id": "a0",
        "project_id": "film",
        "depth": None,
        "direction": "downstream",
        "dependencies": ["a1", "a2"],
        "nodes": [
            {"id": "a1", "type": "prop", "depth": 1, "state": "current"},
            {"id": "a2", "type": "prop", "depth": 2, "state": "current"},
        ],
        "edges": [["a0", "a1"], ["a1", "a2"]],
        "affected_entities": 2,
        "affected_shots": 0,
        "affected_sequences": 0,
        "truncated": False,
    }
    assert revision == api.get("/api/v1/projects/film").json()["graph_revision"]


def test_shots_and_sequences_are_counted_and_can_be_left_out(api: APIClient) -> None:
    load(FILM)
    with_shots = api.get("/api/v1/assets/hero/dependencies").json()
    assert "shot-1" in with_shots["dependencies"]
    without = api.get("/api/v1/assets/hero/dependencies?include_shots=false").json()
    assert not [node for node in without["nodes"] if node["type"] == "shot"]
    assert "seq-1" in without["dependencies"]
    for answer in (with_shots, without):
        assert (answer["affected_shots"], answer["affected_sequences"]) == (1, 1)


@pytest.mark.parametrize(("depth", "found"), [(0, 0), (1, 1), (2, 2), (4, 4), (2**31 - 1, 4)])
def test_depth_counts_edges(api: APIClient, depth: int, found: int) -> None:
    load(chain(5))
    answer = api.get(f"/api/v1/assets/a0/dependencies?depth={depth}").json()
    assert answer["dependencies"] == [f"a{index}" for index in range(1, found + 1)]
    assert len(answer["edges"]) == found
    assert answer["affected_entities"] == 4


def test_the_body_of_the_story_says_the_same_as_a_query(api: APIClient) -> None:
    load(FILM)
    body = json.dumps({"depth": 2, "include_shots": True})
    by_body = send(api, "GET", "assets/hero/dependencies", body)
    by_query = api.get("/api/v1/assets/hero/dependencies?depth=2&include_shots=true")
    assert by_body.status_code == 200
    assert by_body.json() == by_query.json()
    body = json.dumps({"depth": 1, "include_shots": False, "direction": "upstream"})
    by_body = send(api, "GET", "assets/seq-1/dependencies", body).json()
    assert (by_body["depth"], by_body["direction"], by_body["dependencies"]) == (1, "upstream", [])


def test_upstream_is_what_an_entity_is_made_from(api: APIClient) -> None:
    load(chain(4))
    answer = api.get("/api/v1/assets/a3/dependencies?direction=upstream&depth=2").json()
    assert answer["dependencies"] == ["a2", "a1"]
    assert answer["edges"] == [["a1", "a2"], ["a2", "a3"]]
    assert answer["affected_entities"] == 0


def test_a_node_is_outdated_until_its_run_reached_it(api: APIClient) -> None:
    load(chain(3))
    run = change("a0", colour="blue").run
    assert run
    states = [node["state"] for node in api.get("/api/v1/assets/a0/dependencies").json()["nodes"]]
    assert states == ["outdated", "current"]
    drive(run)
    nodes = api.get("/api/v1/assets/a0/dependencies").json()["nodes"]
    assert {node["state"] for node in nodes} == {"current"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"depth": -1},
        {"depth": 2**31},
        {"depth": "deep"},
        {"include_shots": "some"},
        {"direction": "sideways"},
    ],
)
def test_a_wrong_parameter_is_named(film: None, api: APIClient, wrong: dict[str, object]) -> None:
    path = "assets/hero/dependencies"
    ((name, value),) = wrong.items()
    for answer in (
        send(api, "GET", f"{path}?{name}={value}"),
        send(api, "GET", path, json.dumps(wrong)),
    ):
        assert list_pointers(read_problem(answer, 422, "validation-error")) == [f"/{name}"]


def test_an_unknown_parameter_is_told_the_near_one(film: None, api: APIClient) -> None:
    answer = api.get("/api/v1/assets/hero/dependencies?dpth=2")
    assert "'depth'" in read_problem(answer, 400, "unknown-parameter")["detail"]


@pytest.mark.parametrize("name", ["dpth", "request", "serializer", "data"])
def test_an_unknown_field_of_the_body_is_named(film: None, api: APIClient, name: str) -> None:
    answer = send(api, "GET", "assets/hero/dependencies", json.dumps({name: 2}))
    assert list_pointers(read_problem(answer, 422, "unknown-field")) == [f"/{name}"]
