"""What rules hold back: it is listed, and a person lets it go on or leaves it as it is."""

import json
from typing import Any

import pytest

from propagation.models import ItemState, PropagationItem, PropagationRun
from tests.builders import change, drive, get_entity, load, make_user, star
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
from versions.models import Head

pytestmark = pytest.mark.django_db
LOCKED = "shot-00000"


def make_film(code: str = "film", shots: int = 3) -> None:
    """Have a production of that many shots, the first of which a sequence contains."""
    document = star(shots)
    document["sequences"] = [{"sequence_id": "seq-1", "shots": [LOCKED]}]
    load(document, code=code)


def lock(api: APIClient, *codes: str, project: str = "film") -> None:
    """Lock these entities."""
    for code in codes:
        path = f"assets/{project}:{code}/lock"
        assert send(api, "PUT", path, '{"is_locked": true}').status_code == 200


def edit(project: str = "film", *, hat: str) -> PropagationRun:
    """Change the hero and do the run."""
    run = change("hero", project, hat=hat).run
    assert run
    return drive(run)


def list_holds(api: APIClient, query: str = "", project: str = "film") -> list[dict[str, Any]]:
    """Return what is listed as held."""
    answer = api.get(f"/api/v1/projects/{project}/holds{query}")
    assert answer.status_code == 200, answer.content
    held: list[dict[str, Any]] = answer.json()["data"]
    return held


def decide(api: APIClient, how: str, project: str = "film", **body: object) -> Answer:
    """Approve or reject."""
    return post(api, f"projects/{project}/holds/{how}", body)


def finish(answer: Answer) -> dict[str, tuple[str, str]]:
    """Do the run that the decision started; return state and rule of each of its items."""
    assert answer.status_code == 202, answer.content
    run = drive(PropagationRun.objects.get(pk=answer.json()["run_id"]))
    assert answer["Location"] == f"/api/v1/runs/{run.pk}"
    rows = run.items.values_list("entity__code", "state", "rule")
    return {code: (state, rule) for code, state, rule in rows}


def get_number(code: str, project: str = "film") -> int:
    """Return the number of the entity's best definition."""
    return Head.objects.get(entity=get_entity(code, project), slot="definition").best.number


def list_outdated(api: APIClient) -> set[str]:
    """Return what the hero's dependencies show as outdated."""
    nodes = api.get("/api/v1/assets/film:hero/dependencies").json()["nodes"]
    return {node["id"] for node in nodes if node["state"] == "outdated"}


@once
def held_run() -> int:
    """Have a finished run that holds the locked shot; return its id."""
    make_film()
    client = APIClient()
    client.force_authenticate(make_user("locker", is_superuser=True))
    lock(client, LOCKED)
    return edit(hat="tall").pk


@pytest.fixture
def held(held_run: int, db: None) -> PropagationRun:
    """Return the run that holds the locked shot."""
    return PropagationRun.objects.get(pk=held_run)


def test_a_locked_shot_is_held_and_what_is_behind_it_waits(
    held: PropagationRun, api: APIClient
) -> None:
    items = {item["id"]: item for item in api.get(f"/api/v1/runs/{held.pk}/items").json()["data"]}
    assert {code: item["state"] for code, item in items.items()} == {
        LOCKED: "held",
        "shot-00001": "applied",
        "shot-00002": "applied",
    }
    kept = items[LOCKED]
    assert (kept["rule"], kept["reason"]) == ("locked-targets", "target is locked")
    assert (kept["lane"], kept["version"], kept["level"]) == (None, None, 1)
    shown = api.get(f"/api/v1/runs/{held.pk}").json()
    assert (shown["status"], shown["total"], shown["progress"]) == ("success", 2, 100.0)
    assert shown["counts"] == {"applied": 2, "unchanged": 0, "failed": 0, "skipped": 0, "held": 1}
    assert (get_number(LOCKED), get_number("seq-1")) == (1, 1)


def test_an_approved_shot_is_held(api: APIClient) -> None:
    make_film()
    answer = send(api, "PATCH", f"assets/{LOCKED}/versions/1", '{"status": "approved"}')
    assert answer.status_code == 200
    edit(hat="tall")
    (one,) = list_holds(api)
    assert (one["rule"], one["reason"]) == ("approved-targets", "target is approved")


def test_a_change_says_what_it_affects_although_it_is_held(api: APIClient) -> None:
    make_film(shots=1)
    lock(api, LOCKED)
    body = {"change_data": {"hat": "tall"}}
    dry = post(api, "assets/hero/propagate?dry_run=true", body).json()
    assert dry["held"] == [{"rule": "locked-targets", "count": 1}]
    assert (dry["affected_entities"], dry["impact_level"]) == (1, "high")
    answer = post(api, "assets/hero/propagate", body)
    assert (answer.status_code, answer.json()["status"]) == (202, "success")
    assert answer.json()["affected_entities"] == 1


def test_holds_are_listed_with_rule_and_reason(held: PropagationRun, api: APIClient) -> None:
    (one,) = list_holds(api)
    assert one == {
        "id": PropagationItem.objects.get(state=ItemState.HELD).pk,
        "asset_id": LOCKED,
        "type": "shot",
        "run_id": held.pk,
        "rule": "locked-targets",
        "reason": "target is locked",
        "since": one["since"],
    }
    assert one["since"] == api.get(f"/api/v1/runs/{held.pk}").json()["created_at"]
    for query in ("?rule=locked-targets", f"?run={held.pk}", f"?run={held.pk}&rule=locked-targets"):
        assert list_holds(api, query) == [one]
    for query in ("?rule=approved-targets", f"?run={held.pk + 1}", "?rule="):
        assert "data" not in (found := api.get(f"/api/v1/projects/film/holds{query}").json()) or (
            found["data"] == []
        )


@pytest.mark.parametrize("query", ["?run=0", "?run=x", "?run=99999999999999999999", "?limit=0"])
def test_a_query_that_means_nothing_is_refused(
    held: PropagationRun, api: APIClient, query: str
) -> None:
    assert api.get(f"/api/v1/projects/film/holds{query}").status_code == 422


def test_holds_are_paged(api: APIClient) -> None:
    make_film(shots=5)
    lock(api, *(f"shot-{index:05}" for index in range(5)))
    edit(hat="tall")
    first = api.get("/api/v1/projects/film/holds?limit=3").json()
    rest = api.get(f"/api/v1/projects/film/holds?limit=3&cursor={first['next']}").json()
    assert rest["next"] is None
    codes = [one["asset_id"] for one in first["data"] + rest["data"]]
    assert sorted(codes) == [f"shot-{index:05}" for index in range(5)]


def test_what_is_held_is_shown_as_outdated(held: PropagationRun, api: APIClient) -> None:
    assert list_outdated(api) == {LOCKED}
    assert decide(api, "reject", all=True).status_code == 200
    assert list_outdated(api) == {LOCKED}


@pytest.mark.parametrize("by", ["ids", "rule", "run", "all"])
def test_what_is_approved_goes_on_with_what_is_behind_it(
    held: PropagationRun, api: APIClient, by: str
) -> None:
    (one,) = list_holds(api)
    named: dict[str, Any] = {
        "ids": [one["id"]],
        "rule": "locked-targets",
        "run": held.pk,
        "all": True,
    }
    answer = decide(api, "approve", **{by: named[by]}, note="fits the plate")
    body = answer.json()
    assert (body["decided"], body["affected_entities"]) == (1, 2)
    assert finish(answer) == {LOCKED: ("applied", "released"), "seq-1": ("applied", "all-else")}
    assert (get_number(LOCKED), get_number("seq-1"), get_number("shot-00001")) == (2, 2, 2)
    assert (list_holds(api), list_outdated(api)) == ([], set())
    run = api.get(f"/api/v1/runs/{body['run_id']}").json()
    assert (run["kind"], run["note"], run["status"]) == ("release", "fits the plate", "success")
    items = api.get(f"/api/v1/runs/{body['run_id']}/items").json()["data"]
    assert items[0]["reason"] == "by director: fits the plate"
    kept = held.items.get(entity__code=LOCKED)
    assert (kept.state, kept.version) == ("released", None)


def test_what_is_rejected_stays_until_something_changes(
    held: PropagationRun, api: APIClient
) -> None:
    answer = decide(api, "reject", rule="locked-targets", note="too late")
    assert answer.status_code == 200
    assert answer.json() == {"decided": 1, "run_id": None, "affected_entities": 0}
    assert (list_holds(api), get_number(LOCKED), get_number("seq-1")) == ([], 1, 1)
    item = held.items.get(entity__code=LOCKED)
    assert (item.state, item.error) == ("rejected", "too late")
    assert api.get(f"/api/v1/runs/{held.pk}").json()["counts"]["held"] == 0
    edit(hat="flat")
    assert [one["asset_id"] for one in list_holds(api)] == [LOCKED]


@pytest.mark.parametrize("how", ["approve", "reject"])
@pytest.mark.parametrize(
    "body",
    [{}, {"note": "all of it"}, {"all": False}, {"all": True, "ids": [1]}, {"ids": None}],
)
def test_a_decision_names_what_is_meant(
    held: PropagationRun, api: APIClient, how: str, body: dict[str, Any]
) -> None:
    with nothing_written():
        read_problem(decide(api, how, **body), 422, "validation-error")
    assert len(list_holds(api)) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"ids": ["x"]}, "/ids/0"),
        ({"ids": [0]}, "/ids/0"),
        ({"ids": 1}, "/ids"),
        ({"run": 2**63}, "/run"),
        ({"rule": 1.5, "all": "maybe"}, "/all"),
        ({"all": True, "note": "x" * 2001}, "/note"),
    ],
)
def test_a_decision_of_another_shape_is_refused(
    held: PropagationRun, api: APIClient, body: dict[str, Any], pointer: str
) -> None:
    with nothing_written():
        answer = decide(api, "approve", **body)
    assert pointer in list_pointers(read_problem(answer, 422, "validation-error"))


def test_what_is_named_twice_over_has_to_fit_both(held: PropagationRun, api: APIClient) -> None:
    (one,) = list_holds(api)
    nothing = {"decided": 0, "run_id": None, "affected_entities": 0}
    bodies: list[dict[str, Any]] = [
        {"ids": [one["id"]], "rule": "approved-targets"},
        {"ids": [one["id"]], "run": held.pk + 1},
        {"ids": []},
    ]
    for body in bodies:
        with nothing_written():
            assert decide(api, "approve", **body).json() == nothing
    assert decide(api, "reject", ids=[one["id"]], run=held.pk).json()["decided"] == 1


def test_a_newer_change_replaces_what_waits(held: PropagationRun, api: APIClient) -> None:
    (old,) = list_holds(api)
    newer = edit(hat="flat")
    (one,) = list_holds(api)
    assert (one["run_id"], held.items.get(entity__code=LOCKED).state) == (newer.pk, "superseded")
    with nothing_written():
        assert decide(api, "approve", ids=[old["id"]]).json()["decided"] == 0
    finish(decide(api, "approve", ids=[one["id"]]))
    assert (get_number(LOCKED), list_outdated(api)) == (2, set())


@pytest.mark.parametrize("first", ["approve", "reject"])
@pytest.mark.parametrize("second", ["approve", "reject"])
def test_a_second_decision_decides_nothing(
    held: PropagationRun, api: APIClient, first: str, second: str
) -> None:
    (one,) = list_holds(api)
    assert decide(api, first, ids=[one["id"], one["id"]]).json()["decided"] == 1
    with nothing_written():
        again = decide(api, second, ids=[one["id"]])
    assert again.status_code == 200
    assert again.json() == {"decided": 0, "run_id": None, "affected_entities": 0}


@pytest.mark.parametrize("how", ["approve", "reject"])
def test_holds_of_another_project_are_not_decided_about(
    held: PropagationRun, api: APIClient, how: str
) -> None:
    make_film("other")
    lock(api, LOCKED, project="other")
    theirs = edit("other", hat="tall")
    (one,) = list_holds(api, project="other")
    for body in ({"ids": [one["id"]]}, {"run": theirs.pk}):
        with nothing_written():
            assert decide(api, how, **body).json()["decided"] == 0
    assert decide(api, how, all=True).json()["decided"] == 1
    assert list_holds(api, project="other") == [one]


@pytest.mark.parametrize("how", ["list", "approve", "reject"])
def test_a_request_takes_as_many_statements_for_200_holds_as_for_2(
    api: APIClient, how: str
) -> None:
    counts = set()
    for code, shots in (("small", 2), ("large", 200)):
        load(star(shots), code=code)
        get_entity(LOCKED, code).project.entities.filter(kind="shot").update(is_locked=True)
        edit(code, hat="tall")
        api.get(f"/api/v1/assets/{code}:hero/dependencies")
        if how == "list":
            counts.add(count_statements(api, "GET", f"projects/{code}/holds?limit=1000"))
        else:
            path = f"projects/{code}/holds/{how}"
            counts.add(count_statements(api, "POST", path, {"all": True}))
    assert len(counts) == 1
    assert PropagationItem.objects.filter(state=ItemState.HELD).exists() == (how == "list")


@pytest.mark.parametrize("condition", [{"source_types": ["character"]}, {"fields": ["hat"]}])
def test_rules_about_the_change_judge_what_is_behind_an_approved_shot_too(
    held: PropagationRun, api: APIClient, condition: dict[str, Any]
) -> None:
    rule = {"action": "hold", "target_types": ["sequence"], **condition}
    path = "projects/film/rules/sequences"
    assert send(api, "PUT", path, json.dumps(rule)).status_code == 200
    found = finish(decide(api, "approve", all=True))
    assert found == {LOCKED: ("applied", "released"), "seq-1": ("held", "sequences")}
