"""A dry run shows a plan; its token has exactly that, or says what is otherwise."""

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from propagation.models import PropagationRun, StoredPlan
from tests.builders import change, drive, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    count_statements,
    nothing_written,
    post,
    read_problem,
    send,
)
from tests.properties import scale

pytestmark = pytest.mark.django_db
HERO = "assets/hero/propagate"
RED = {"change_data": {"colour": "red"}}


@pytest.fixture
def film() -> None:
    document = star(4)
    document["sequences"] = [{"sequence_id": "seq-1", "shots": ["shot-00000", "shot-00001"]}]
    load(document)


def preview(api: APIClient, path: str = HERO, **body: Any) -> dict[str, Any]:  # noqa: ANN401
    answer = post(api, f"{path}?dry_run=true&items=true", {**RED, **body})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def commit(api: APIClient, token: str, **body: Any) -> Answer:  # noqa: ANN401 (any JSON value)
    return post(api, HERO, {**RED, "plan_token": token, **body})


def list_verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {item["id"]: item["verdict"] for item in found["items"]}


def list_states(run_id: int) -> dict[str, str]:
    run = drive(PropagationRun.objects.get(pk=run_id))
    return dict(run.items.values_list("entity__code", "state"))


def test_what_was_shown_is_what_happens(film: None, api: APIClient) -> None:
    shown = preview(api)
    assert shown["plan_token"].startswith("pl_")
    answer = commit(api, shown["plan_token"])
    assert answer.status_code == 202
    assert list_verdicts(shown) == dict.fromkeys(list_states(answer.json()["run_id"]), "update")


def test_a_plan_can_be_read_again_with_its_items(film: None, api: APIClient) -> None:
    shown = preview(api)
    plan = api.get(f"/api/v1/plans/{shown['plan_token']}").json()
    assert {name: plan[name] for name in ("impact", "phases", "fields", "sequences")} == {
        name: shown[name] for name in ("impact", "phases", "fields", "sequences")
    }
    assert plan["sequences"] == [{"id": "seq-1", "shots": 2}]
    url = f"{shown['items_url']}?limit=3"
    first = api.get(url).json()
    second = api.get(f"{url}&cursor={first['next']}").json()
    assert second["next"] is None
    items = [*first["data"], *second["data"]]
    assert [item["id"] for item in items] == [item["id"] for item in shown["items"]]
    assert [item["path"] for item in items] == [item["path"] for item in shown["items"]]
    assert items[-1] | {"path": []} == {
        "id": "seq-1",
        "type": "sequence",
        "level": 2,
        "verdict": "update",
        "rule": "all-else",
        "reason": items[-1]["reason"],
        "lane": "background",
        "facets": ["visual"],
        "path": [],
    }


def refuse(api: APIClient, token: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401
    with nothing_written():
        problem = read_problem(commit(api, token, **body), 409, "plan-stale")
    delta: dict[str, Any] = {name: codes for name, codes in problem["delta"].items() if codes}
    return delta


def test_a_plan_of_an_older_version_is_stale(film: None, api: APIClient) -> None:
    token = preview(api)["plan_token"]
    change("hero", hat="tall")
    delta = refuse(api, token)
    assert delta == {"bases": ["hero"], "contents": ["hero"]}


def test_a_plan_of_another_graph_is_stale(film: None, api: APIClient) -> None:
    token = preview(api)["plan_token"]
    post(api, "edges", {"source": "shot-00003", "target": "seq-1", "role": "shot"})
    send(api, "DELETE", "edges", '{"source": "hero", "target": "shot-00002"}')
    assert refuse(api, token) == {"removed": ["shot-00002"]}


def test_a_plan_of_other_rules_is_stale(film: None, api: APIClient) -> None:
    token = preview(api)["plan_token"]
    send(api, "PUT", "assets/shot-00001/lock", '{"is_locked": true}')
    assert refuse(api, token) == {"changed": ["shot-00001"]}


def test_a_plan_is_for_its_change_alone(film: None, api: APIClient) -> None:
    token = preview(api)["plan_token"]
    assert refuse(api, token, change_data={"colour": "blue"}) == {"contents": ["hero"]}
    assert refuse(api, token, propagation_mode="realtime")["changed"][0] == "shot-00000"
    assert refuse(api, token, exclude=["shot-00002"]) == {"changed": ["shot-00002"]}


def test_what_was_done_already_is_stale(film: None, api: APIClient) -> None:
    token = preview(api)["plan_token"]
    assert commit(api, token).status_code == 202
    assert refuse(api, token)["bases"] == ["hero"]


def test_excluded_targets_are_left_as_shown(film: None, api: APIClient) -> None:
    shown = preview(api, exclude=["shot-00002"])
    answer = commit(api, shown["plan_token"], exclude=["shot-00002"])
    states = list_states(answer.json()["run_id"])
    assert states["shot-00002"] == "ignored"
    nodes = api.get("/api/v1/assets/hero/dependencies").json()["nodes"]
    assert [one["id"] for one in nodes if one["state"] == "outdated"] == ["shot-00002"]


def test_roll_backs_and_undos_have_plans_too(film: None, api: APIClient) -> None:
    run = change("hero", colour="red").run
    assert run is not None
    drive(run)
    back = {"version_number": 1, "reason": "no"}
    shown = post(api, "assets/hero/rollback?dry_run=true", back).json()
    undo = post(api, f"runs/{run.pk}/undo?dry_run=true", {"reason": "no"}).json()
    assert undo["returned_entities"] == ["hero"]
    assert undo["fields"] == [{"id": "hero", "field": "colour", "before": "red", "after": None}]
    change("hero", colour="blue")
    for path, body in (
        ("assets/hero/rollback", {**back, "plan_token": shown["plan_token"]}),
        (f"runs/{run.pk}/undo", {"reason": "no", "plan_token": undo["plan_token"]}),
    ):
        code = "plan-stale" if "rollback" in path else "invalid-run-state"
        read_problem(post(api, path, body), 409, code)


def test_a_best_by_its_token_does_what_was_shown(film: None, api: APIClient) -> None:
    change("hero", colour="red")
    older = json.dumps({"version": 1})
    shown = send(api, "PUT", "assets/hero/best?dry_run=true&items=true", older).json()
    body = json.dumps({"version": 1, "plan_token": shown["plan_token"]})
    answer = send(api, "PUT", "assets/hero/best", body)
    assert answer.status_code == 202, answer.content
    assert list_verdicts(shown).keys() == list_states(answer.json()["run_id"]).keys()
    with nothing_written():
        read_problem(send(api, "PUT", "assets/hero/best", body), 409, "plan-stale")


def test_an_undo_by_its_token_does_what_was_shown(film: None, api: APIClient) -> None:
    run = change("hero", colour="red").run
    assert run is not None
    drive(run)
    shown = post(api, f"runs/{run.pk}/undo?dry_run=true&items=true", {"reason": "no"}).json()
    body = {"reason": "no", "plan_token": shown["plan_token"]}
    answer = post(api, f"runs/{run.pk}/undo", body)
    assert answer.status_code == 202, answer.content
    assert answer.json()["returned_entities"] == ["hero"]
    assert list_verdicts(shown).keys() == list_states(answer.json()["run_id"]).keys()
    found = api.get(f"/api/v1/runs/{answer.json()['run_id']}").json()
    assert (found["kind"], found["undo_of"]) == ("undo", run.pk)


def test_an_item_tells_what_it_was_and_what_it_is(film: None, api: APIClient) -> None:
    run = change("hero", colour="red").run
    assert run is not None
    drive(run)
    item = api.get(f"/api/v1/runs/{run.pk}/items/shot-00001").json()
    assert (item["state"], item["changes"]["before"], item["changes"]["after"]) == (
        "applied",
        "shot-00001_v1",
        "shot-00001_v2",
    )
    (moved,) = item["changes"]["uses"]["moved"]
    assert moved["id"] == "hero"
    assert moved["fields"][0]["field"] == "colour"
    read_problem(api.get(f"/api/v1/runs/{run.pk}/items/hero"), 404, "not-found")


def test_plans_are_for_those_who_see_the_project_and_for_a_day(film: None, api: APIClient) -> None:
    token = preview(api)["plan_token"]
    stranger = APIClient()
    stranger.force_authenticate(make_user("stranger"))
    for path in (f"plans/{token}", f"plans/{token}/items"):
        read_problem(stranger.get(f"/api/v1/{path}"), 404, "not-found")
    read_problem(commit(api, "pl_guessed"), 404, "not-found")
    StoredPlan.objects.update(created_at=timezone.now() - timedelta(hours=25))
    read_problem(commit(api, token), 404, "not-found")
    preview(api)
    assert StoredPlan.objects.count() == 1


def test_time_is_estimated_from_what_past_runs_took(film: None, api: APIClient) -> None:
    assert preview(api)["impact"]["estimated_processing_time"] is None
    assert preview(api)["impact"]["estimate"] == "no estimate yet"
    for colour in ("blue", "green", "white"):
        run = change("hero", colour=colour).run
        assert run is not None
        drive(run)
        end = run.created_at + timedelta(seconds=10)
        PropagationRun.objects.filter(pk=run.pk).update(finished_at=end)
    found = preview(api)["impact"]
    assert found["estimated_processing_time"] == {"p50_s": 10.0, "p90_s": 10.0, "sample": 3}
    assert found["memory_impact"] > 0


def test_a_preview_takes_as_many_statements_for_1000_shots_as_for_10(api: APIClient) -> None:
    counts = set()
    for code, shots in (("small", 10), ("large", 1000)):
        load(star(shots), code=code)
        api.get(f"/api/v1/assets/{code}:hero/dependencies")
        path = f"assets/{code}:hero/propagate?dry_run=true"
        counts.add(count_statements(api, "POST", path, RED))
    assert len(counts) == 1


def make_production(chance: random.Random) -> dict[str, Any]:
    """Return props that use each other, and shots that use props, at random."""
    props = [f"p{index}" for index in range(12)]
    assets = [
        {"id": code, "type": "prop", "depends_on": chance.sample(props[:i], k=min(i, 2))}
        for i, code in enumerate(props)
    ]
    shots = [
        {
            "shot_id": f"s{index}",
            "visual_prompt": {"prop_references": chance.sample(props, k=3)},
        }
        for index in range(20)
    ]
    cut = [{"sequence_id": f"q{n}", "shots": [f"s{n}", f"s{n + 10}"]} for n in range(10)]
    return {"assets": assets, "shots": shots, "sequences": cut}


BECOMES = {"update": "applied", "hold": "held", "ignore": "ignored", "pinned": "pinned"}


def test_on_random_changes_each_item_becomes_what_was_shown(api: APIClient) -> None:
    chance = random.Random(connection.vendor)  # noqa: S311 (the same each time)
    load(make_production(chance))
    codes = [f"p{index}" for index in range(12)] + [f"s{index}" for index in range(20)]
    rule = {"action": "hold", "fields": ["size"], "target_types": ["sequence"]}
    made = send(api, "PUT", "projects/film/rules/sizes-wait", json.dumps(rule))
    assert made.status_code == 200
    for turn in range(scale(100)):
        act_at_random(api, chance, turn)
        code = chance.choice(codes)
        path = f"assets/{code}/propagate"
        body = {
            "change_data": {chance.choice(["colour", "size", "notes"]): turn},
            "exclude": chance.sample(codes, k=2),
            "propagation_mode": chance.choice(["auto", "realtime", "mark", "manual"]),
        }
        locked = send(api, "PUT", f"assets/{code}/lock", '{"is_locked": false}')
        assert locked.status_code == 200
        shown = post(api, f"{path}?dry_run=true&items=true", body).json()
        answer = post(api, path, {**body, "plan_token": shown["plan_token"]})
        assert answer.status_code == 202, answer.content
        expected = {one["id"]: BECOMES[one["verdict"]] for one in shown["items"]}
        assert list_states(answer.json()["run_id"]) == expected


def act_at_random(api: APIClient, chance: random.Random, turn: int) -> None:
    """Lock, pin, freeze, or choose something, and let all runs end."""
    shot = f"s{chance.randrange(20)}"
    uses = api.get(f"/api/v1/assets/{shot}/dependencies?direction=upstream&depth=1").json()
    source = chance.choice(uses["dependencies"])
    send(api, "PUT", f"assets/{shot}/lock", '{"is_locked": false}')
    act = turn % 4
    if act == 0:
        send(api, "PUT", f"assets/{shot}/lock", '{"is_locked": true}')
    elif act == 1:
        send(api, "PUT", f"assets/{shot}/pins", f'{{"source": "{source}", "reason": "x"}}')
    elif act == 2:
        send(api, "DELETE", f"assets/{shot}/pins", f'{{"source": "{source}"}}')
    else:
        edge = {"source": source, "target": shot, "role": "prop", "follow": "latest_approved"}
        post(api, "edges", edge)
    for run in PropagationRun.objects.filter(finished_at=None):
        drive(run)
