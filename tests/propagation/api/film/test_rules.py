"""The rules of a project: written, listed, refused when they can never match, and tried."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from assets.models import Role
from propagation.models import PropagationRule
from tests.builders import change, drive, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    list_pointers,
    nothing_written,
    post,
    read_any_problem,
    read_problem,
    send,
)

pytestmark = pytest.mark.django_db
LISTS = ("source_types", "target_types", "roles", "facets", "fields", "impacts", "target_statuses")
EMPTY = {
    "position": 0,
    "is_enabled": True,
    "lane": "",
    **{name: [] for name in LISTS},
    "expression": "",
}
HAT = {"asset_id": "hero", "change_data": {"hat": "tall"}}


def put(api: APIClient, name: str, project: str = "film", **body: object) -> Answer:
    """Write a rule."""
    return send(api, "PUT", f"projects/{project}/rules/{name}", json.dumps(body))


def keep(api: APIClient, name: str, project: str = "film", **body: object) -> dict[str, Any]:
    """Write a rule that has to be taken; it holds unless the body says otherwise."""
    answer = put(api, name, project, **({"action": "hold"} | body))
    assert answer.status_code == 200, answer.content
    written: dict[str, Any] = answer.json()
    return written


def list_names(api: APIClient, project: str = "film") -> list[str]:
    """Return the project's own rules, as they are listed."""
    listed = api.get(f"/api/v1/projects/{project}/rules").json()["data"]
    return [rule["name"] for rule in listed]


def simulate(
    api: APIClient,
    project: str = "film",
    **body: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Try the rules on a change of the hero's hat."""
    with nothing_written():
        answer = post(api, f"projects/{project}/rules/simulate", {**HAT, **body})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def judge_shot(api: APIClient, code: str = "shot-00000", **body: Any) -> str:  # noqa: ANN401
    """Return by which rule the shot is judged."""
    rules = {item["id"]: item["rule"] for item in simulate(api, **body)["items"]}
    rule: str = rules[code]
    return rule


def test_a_rule_is_created_changed_and_deleted(film: None, api: APIClient, director: User) -> None:
    made = keep(api, "keep", target_types=["shot"], impacts=["high"])
    whole = {**EMPTY, "name": "keep", "action": "hold"}
    assert made == whole | {"target_types": ["shot"], "impacts": ["high"]}
    changed = put(api, "keep", impacts=[], position=-3, expression="target_code != 'x'").json()
    assert changed == made | {"impacts": [], "position": -3, "expression": "target_code != 'x'"}
    assert api.get("/api/v1/projects/film/rules/keep").json() == changed
    history = PropagationRule.history.order_by("history_id")
    assert [one.history_type for one in history] == ["+", "~"]
    answer = send(api, "DELETE", "projects/film/rules/keep")
    assert (answer.status_code, answer.content) == (204, b"")
    assert list_names(api) == []
    assert {one.history_user for one in history.all()} == {director}
    assert history.last().history_type == "-"


def test_rules_are_listed_in_order_and_the_built_in_ones_last(film: None, api: APIClient) -> None:
    keep(api, "third", position=3, target_types=["shot"])
    keep(api, "first", position=-1, target_types=["prop"])
    keep(api, "second-a", target_types=["wardrobe"])
    keep(api, "second-b", target_types=["location"], is_enabled=False)
    answer = api.get("/api/v1/projects/film/rules").json()
    assert [one["name"] for one in answer["data"]] == ["first", "second-a", "second-b", "third"]
    nothing: dict[str, list[str]] = {name: [] for name in LISTS}
    assert answer["built_in"] == [
        {"name": "locked-targets", "action": "hold", **nothing, "target_statuses": ["locked"]},
        {"name": "approved-targets", "action": "hold", **nothing, "target_statuses": ["approved"]},
        {"name": "all-else", "action": "update", **nothing},
    ]


@pytest.mark.parametrize(
    ("body", "pointer", "reason"),
    [
        ({"expression": "target_code =="}, "/expression", ""),
        ({"expression": "colour == 'red'"}, "/expression", "no 'colour'; known are source_types"),
        ({"expression": "target_code =~ '(a+)+'"}, "/expression", "is not taken"),
        ({"expression": "target_code !~ 'a'"}, "/expression", "is not taken"),
        ({"expression": "impact > 3"}, "/expression", ""),
        ({"expression": "1 / 0 == 1"}, "/expression", "is not taken"),
        ({"expression": "$nope(target_code) == 1"}, "/expression", ""),
        ({"expression": 't"P99999999999D" == t"P1D"'}, "/expression", ""),
        ({"expression": "1 == 2"}, "/expression", "always false"),
        ({"expression": "false"}, "/expression", "always false"),
        (
            {"roles": ["in_sequence"], "target_types": ["shot"]},
            "/roles",
            "in_sequence never leads to shot",
        ),
        (
            {"roles": ["character", "worn_by"], "target_types": ["sequence"]},
            "/roles",
            "character or worn_by never leads to sequence",
        ),
        ({"impacts": ["low"], "target_types": ["shot"]}, "/impacts", "affects no shot"),
    ],
)
@pytest.mark.parametrize("is_enabled", [True, False])
def test_a_rule_that_can_never_match_is_refused_with_the_reason(
    film: None,
    api: APIClient,
    body: dict[str, Any],
    pointer: str,
    reason: str,
    is_enabled: bool,  # noqa: FBT001
) -> None:
    with nothing_written():
        answer = put(api, "never", action="ignore", is_enabled=is_enabled, **body)
    problem = read_problem(answer, 422, "invalid-rule")
    assert list_pointers(problem) == [pointer]
    assert reason in problem["detail"]


def test_what_an_expression_is_refused_for_does_not_depend_on_those_before_it(
    film: None, api: APIClient
) -> None:
    always_false, mine = {"expression": "3 == 4"}, {"expression": "impact == 'high'"}
    for _ in range(2):
        read_problem(put(api, "never", action="hold", **always_false), 422, "invalid-rule")
        keep(api, "mine", **mine)
        read_problem(put(api, "never", action="hold", **always_false), 422, "invalid-rule")
        assert send(api, "DELETE", "projects/film/rules/mine").status_code == 204


@pytest.mark.parametrize("expression", ["target_kind.to_flt > 0", "target_code.to_int > 0"])
def test_an_expression_that_fails_on_a_target_does_not_fit_it(
    film: None, api: APIClient, expression: str
) -> None:
    if put(api, "odd", action="ignore", expression=expression).status_code == 422:
        return  # refused: as good
    assert judge_shot(api) == "all-else"


@pytest.mark.parametrize(
    "expression", ["$range(100000000) == 1", "[x for x in $range(100000000)] == 1"]
)
def test_an_expression_that_takes_hours_is_refused(
    film: None, api: APIClient, expression: str
) -> None:
    """Only written, not evaluated: a list of that many numbers takes minutes for each target."""
    with nothing_written():
        answer = put(api, "slow", action="hold", expression=expression)
    assert list_pointers(read_problem(answer, 422, "invalid-rule")) == ["/expression"]


SHADOWING: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"target_types": ["shot"]}),
    ({"target_types": ["shot", "prop"]}, {"target_types": ["shot"], "impacts": ["high"]}),
    ({"expression": "impact == 'high'"}, {"expression": "impact == 'high'", "facets": ["visual"]}),
    ({"roles": ["character"]}, {"roles": ["character"]}),
]


@pytest.mark.parametrize(("wide", "narrow"), SHADOWING)
def test_a_rule_behind_one_that_fits_all_that_it_fits_is_refused(
    film: None, api: APIClient, wide: dict[str, Any], narrow: dict[str, Any]
) -> None:
    keep(api, "wide", **wide)
    with nothing_written():
        answer = put(api, "narrow", action="ignore", position=1, **narrow)
    problem = read_problem(answer, 422, "invalid-rule")
    assert list_pointers(problem) == ["/position"]
    assert "'wide' stands before it" in problem["detail"]


@pytest.mark.parametrize(("wide", "narrow"), SHADOWING)
def test_a_rule_that_would_keep_a_later_one_from_matching_is_refused(
    film: None, api: APIClient, wide: dict[str, Any], narrow: dict[str, Any]
) -> None:
    keep(api, "narrow", position=1, **narrow)
    keep(api, "wide", position=0, is_enabled=False, **wide)
    with nothing_written():
        answer = put(api, "wide", is_enabled=True)
    problem = read_problem(answer, 422, "invalid-rule")
    assert list_pointers(problem) == ["/position"]
    assert "'wide' stands before it" in problem["detail"]


def test_a_new_rule_stands_behind_those_of_the_same_position(film: None, api: APIClient) -> None:
    keep(api, "wide")
    with nothing_written():
        answer = put(api, "narrow", action="ignore", impacts=["high"])
    problem = read_problem(answer, 422, "invalid-rule")
    assert "'wide' stands before it" in problem["detail"]


def test_a_new_wider_rule_behind_one_of_the_same_position_is_taken(
    film: None, api: APIClient
) -> None:
    keep(api, "narrow", target_types=["shot"])
    keep(api, "wide", action="ignore")
    assert list_names(api) == ["narrow", "wide"]


def test_a_disabled_rule_shadows_nothing_until_it_is_enabled(film: None, api: APIClient) -> None:
    keep(api, "wide", is_enabled=False)
    keep(api, "narrow", position=1, target_types=["shot"])
    assert judge_shot(api) == "narrow"
    with nothing_written():
        answer = put(api, "wide", is_enabled=True)
    read_problem(answer, 422, "invalid-rule")
    assert judge_shot(api) == "narrow"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"facets": ["colour"]}, "/facets/0"),
        ({"impacts": ["high", "huge"]}, "/impacts/1"),
        ({"target_statuses": ["closed"]}, "/target_statuses/0"),
        ({"lane": "fast"}, "/lane"),
        ({"action": "delete"}, "/action"),
        ({"action": ""}, "/action"),
        ({"roles": "character"}, "/roles"),
        ({"roles": None}, "/roles"),
        ({"source_types": [{}]}, "/source_types/0"),
        ({"position": 2**31}, "/position"),
        ({"is_enabled": "maybe"}, "/is_enabled"),
        ({"expression": "x" * 1001}, "/expression"),
    ],
)
def test_what_is_no_part_of_a_rule_is_refused(
    film: None, api: APIClient, body: dict[str, Any], pointer: str
) -> None:
    with nothing_written():
        answer = send(api, "PUT", "projects/film/rules/keep", json.dumps({"action": "hold"} | body))
    assert list_pointers(read_problem(answer, 422, "validation-error")) == [pointer]


@pytest.mark.parametrize("field", ["colour", "name"])
def test_a_field_that_rules_do_not_have_is_refused(film: None, api: APIClient, field: str) -> None:
    with nothing_written():
        answer = send(api, "PUT", "projects/film/rules/keep", json.dumps({field: "red"}))
    assert list_pointers(read_problem(answer, 422, "unknown-field")) == [f"/{field}"]


def test_a_new_rule_without_an_action_is_refused(film: None, api: APIClient) -> None:
    with nothing_written():
        answer = put(api, "keep", target_types=["shot"])
    assert "/action" in list_pointers(read_problem(answer, 422, "validation-error"))


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_rule_is_not_found(film: None, api: APIClient, method: str) -> None:
    load(star(1), code="other")
    keep(api, "theirs", "other")
    with nothing_written():
        for name in ("none", "theirs"):
            answer = send(api, method, f"projects/film/rules/{name}")
            read_problem(answer, 404, "not-found")


@pytest.mark.parametrize("name", ["a.b", "a%20b", "%C3%A9", "Upper", "under_score", "-x", "x" * 65])
def test_a_rule_with_a_bad_name_is_not_found(film: None, api: APIClient, name: str) -> None:
    with nothing_written():
        read_problem(put(api, name, action="hold"), 404, "not-found")


def test_rules_of_one_name_in_two_projects_are_two(film: None, api: APIClient) -> None:
    load(star(1), code="other")
    keep(api, "keep", action="ignore")
    keep(api, "keep", "other", target_types=["shot"])
    send(api, "DELETE", "projects/film/rules/keep")
    assert (list_names(api), list_names(api, "other")) == ([], ["keep"])


def test_an_artist_writes_no_rule_but_tries_them(film: None, as_artist: APIClient) -> None:
    with nothing_written():
        read_problem(put(as_artist, "keep", action="hold"), 403, "forbidden")
    assert judge_shot(as_artist) == "all-else"


def test_a_trial_tells_verdict_rule_reason_facets_and_path(api: APIClient) -> None:
    document = star(2)
    document["sequences"] = [{"sequence_id": "seq-1", "shots": ["shot-00000"]}]
    load(document, code="small")
    keep(
        api,
        "keep",
        project="small",
        expression="target_code == 'shot-00001'",
        roles=["character", "prop"],
    )
    found = simulate(api, "small")
    items = {item.pop("id"): item for item in found["items"]}
    going = {
        "type": "shot",
        "verdict": "update",
        "rule": "all-else",
        "reason": "fits anything",
        "lane": "background",
        "facets": ["visual"],
        "path": ["hero", "shot-00000"],
    }
    assert items == {
        "shot-00000": going,
        "seq-1": going | {"type": "sequence", "path": ["hero", "shot-00000", "seq-1"]},
        "shot-00001": going
        | {
            "verdict": "hold",
            "lane": None,
            "rule": "keep",
            "reason": "used as character; target_code == 'shot-00001'",
            "path": ["hero", "shot-00001"],
        },
    }
    assert (found["project_id"], found["asset_id"], found["dry_run"]) == ("small", "hero", True)
    assert (found["change_type"], found["impact_level"]) == (["visual"], "medium")
    assert (found["held"], found["skipped"]) == ([{"rule": "keep", "count": 1}], [])
    assert found["affected_entities"] == 3
    dry = post(
        api, "assets/small:hero/propagate?dry_run=true&items=true", {"change_data": {"hat": "x"}}
    )
    assert [item["rule"] for item in dry.json()["items"]] == [
        item["rule"] for item in found["items"]
    ]


def test_a_trial_of_nothing_reaches_nothing(film: None, api: APIClient) -> None:
    found = simulate(api, change_data={"description": "as cast"})
    assert (found["items"], found["held"], found["impact_level"]) == ([], [], "low")


def test_a_trial_is_of_the_project_that_the_path_names(film: None, api: APIClient) -> None:
    load(star(1), code="other")
    keep(api, "keep", action="ignore")
    found = simulate(api)
    assert {item["rule"] for item in found["items"]} == {"keep"}


def test_a_trial_of_an_entity_of_another_project_is_refused(film: None, api: APIClient) -> None:
    load(star(1), code="other")
    with nothing_written():
        answer = post(api, "projects/film/rules/simulate", {**HAT, "asset_id": "other:hero"})
    assert answer.status_code in (404, 422), answer.json()


@pytest.mark.parametrize(
    "body", [{"asset_id": "hero"}, {"change_data": {}}, {**HAT, "asset_id": []}]
)
def test_a_trial_says_what_and_how(film: None, api: APIClient, body: dict[str, Any]) -> None:
    answer = post(api, "projects/film/rules/simulate", body)
    assert read_any_problem(answer)["status"] == 422


def test_the_first_rule_that_fits_decides(film: None, api: APIClient) -> None:
    keep(api, "late", position=2, target_types=["shot"])
    keep(api, "early", position=1, action="ignore", expression="target_code == 'shot-00001'")
    found = {item["id"]: (item["verdict"], item["rule"]) for item in simulate(api)["items"]}
    assert found == {
        "shot-00000": ("hold", "late"),
        "shot-00001": ("ignore", "early"),
        "shot-00002": ("hold", "late"),
    }


def test_a_rule_sends_its_targets_through_its_lane(film: None, api: APIClient) -> None:
    keep(api, "soon", action="update", lane="realtime", expression="target_code == 'shot-00001'")
    phases = {"type": "realtime", "count": 1}, {"type": "background", "count": 2}
    assert simulate(api)["phases"] == list(phases)
    run = post(api, "assets/hero/propagate", {"change_data": {"hat": "tall"}}).json()["run_id"]
    items = api.get(f"/api/v1/runs/{run}/items").json()["data"]
    assert {item["id"]: (item["lane"], item["rule"]) for item in items} == {
        "shot-00000": ("background", "all-else"),
        "shot-00001": ("realtime", "soon"),
        "shot-00002": ("background", "all-else"),
    }


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("coat", True),
        ("coat.colour", True),
        ("coat.*", True),
        ("c?at.col*", True),
        ("*", True),
        ("coa", False),
        ("coat.colours", False),
        ("Coat", False),
        ("hat", False),
    ],
)
def test_fields_are_named_by_what_they_lie_in_and_by_patterns(
    api: APIClient,
    pattern: str,
    fits: bool,  # noqa: FBT001
) -> None:
    production = star(1)
    production["assets"][0]["coat"] = {"colour": "red", "size": 3}
    load(production)
    keep(api, "keep", fields=[pattern])
    rule = judge_shot(api, change_data={"coat": {"colour": "blue", "size": 3}})
    assert rule == ("keep" if fits else "all-else")


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({"source_types": ["character"]}, True),
        ({"source_types": ["prop", "location"]}, False),
        ({"target_types": ["shot"]}, True),
        ({"target_types": ["sequence"]}, False),
        ({"roles": ["character", "prop"]}, True),
        ({"roles": ["prop"]}, False),
        ({"facets": ["visual"]}, True),
        ({"facets": ["media"]}, False),
        ({"impacts": ["medium"]}, True),
        ({"impacts": ["high", "critical"]}, False),
        ({"target_statuses": ["open"]}, True),
        ({"target_statuses": ["locked", "approved"]}, False),
        ({"expression": "'hat' in fields and target_kind == 'shot'"}, True),
        ({"expression": "'character' in roles and impact == 'low'"}, False),
        ({"target_types": ["shot"], "fields": ["coat"]}, False),
    ],
)
def test_every_condition_has_to_fit(
    film: None,
    api: APIClient,
    conditions: dict[str, Any],
    fits: bool,  # noqa: FBT001
) -> None:
    keep(api, "keep", action="ignore", **conditions)
    assert judge_shot(api) == ("keep" if fits else "all-else")


def test_a_rule_goes_before_the_built_in_ones(film: None, api: APIClient) -> None:
    send(api, "PUT", "assets/shot-00000/lock", '{"is_locked": true}')
    assert judge_shot(api) == "locked-targets"
    keep(api, "all", action="update")
    assert judge_shot(api) == "all"


def test_a_viewer_of_another_project_tries_nothing_here(film: None) -> None:
    load(star(1), code="other")
    client = APIClient()
    client.force_authenticate(make_user("stranger", roles={"other": Role.ADMIN}))
    read_problem(post(client, "projects/film/rules/simulate", HAT), 404, "not-found")


def test_what_a_past_run_did_is_judged_by_the_rules_of_today(film: None, api: APIClient) -> None:
    run = change("hero", hat="tall").run
    assert run is not None
    drive(run)
    rule = {"action": "hold", "fields": ["hat"], "expression": "target_code == 'shot-00001'"}
    send(api, "PUT", "projects/film/rules/hats-wait", json.dumps(rule))
    with nothing_written():
        found = post(api, "projects/film/rules/simulate", {"run_id": run.pk}).json()
    verdicts = {item["id"]: (item["verdict"], item["rule"]) for item in found["items"]}
    assert verdicts["shot-00001"] == ("hold", "hats-wait")
    assert verdicts["shot-00000"][0] == "update"
    assert found["held"] == [{"rule": "hats-wait", "count": 1}]
    load(star(1), code="other")
    read_problem(post(api, "projects/other/rules/simulate", {"run_id": run.pk}), 404, "not-found")
    for body in ({}, {"run_id": run.pk, **HAT}, {"asset_id": "hero"}):
        answer = post(api, "projects/film/rules/simulate", body)
        assert read_any_problem(answer)["status"] == 422


def test_a_rule_that_somebody_else_changed_meanwhile_is_not_overwritten(
    film: None, api: APIClient
) -> None:
    path = "/api/v1/projects/film/rules/keep"
    keep(api, "keep", roles=["character"])
    read = api.get(path)["ETag"]
    keep(api, "keep", roles=["prop"])
    body = {"action": "ignore"}
    with nothing_written():
        stale = send(api, "PUT", path[8:], json.dumps(body), HTTP_IF_MATCH=read)
        read_problem(stale, 412, "version-conflict")
        read_problem(send(api, "DELETE", path[8:], HTTP_IF_MATCH=read), 412, "version-conflict")
    assert stale["ETag"] == api.get(path)["ETag"]
    put_now = send(api, "PUT", path[8:], json.dumps(body), HTTP_IF_MATCH=stale["ETag"])
    assert put_now.status_code == 200
    assert send(api, "DELETE", path[8:], HTTP_IF_MATCH=api.get(path)["ETag"]).status_code == 204
    read_problem(
        send(api, "PUT", path[8:], json.dumps(body), HTTP_IF_MATCH="*"), 412, "version-conflict"
    )
