"""Two people edit one entity: both edits stay, or a person is asked."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from assets.models import Entity, Project, Role
from propagation.models import Conflict, Event, PropagationRun
from propagation.services.steer_run import pause_run
from tests.builders import drive, get_content, get_entity, make_user
from tests.client import APIClient
from tests.propagation.api.asking import (
    list_pointers,
    nothing_written,
    only_a_conflict_written,
    post,
    read_problem,
    send,
)
from tests.propagation.api.film.editing import clash, configure, edit, resolve, sign_in
from versions.models import FieldKind, Version
from versions.services.made_from import MERGES, read_made_from

pytestmark = pytest.mark.django_db
SET = {
    "description": "as cast",
    "wardrobe": "red coat",
    "tags": ["night"],
    "look": {"hair": "short"},
}


@pytest.fixture
def ana(film: None) -> APIClient:
    """Return a client of Ana, who gave the hero a wardrobe: version 2 is what both start from."""
    del film
    client = sign_in("ana")
    assert edit(client, SET).status_code == 202
    return client


@pytest.fixture
def ben(ana: APIClient) -> APIClient:
    """Return a client of Ben, who started from Ana's version as well."""
    del ana
    return sign_in("ben")


def test_edits_of_different_fields_are_merged(ana: APIClient, ben: APIClient) -> None:
    assert edit(ana, {"wardrobe": "green coat"}, 2).status_code == 202
    answer = edit(ben, {"look": {"hair": "long"}, "hat": "tall"}, "hero_v2")
    assert (answer.status_code, answer.json()["version"]) == (202, "hero_v4")
    expected = {**SET, "wardrobe": "green coat", "look": {"hair": "long"}, "hat": "tall"}
    assert get_content("hero") == {"name": "Hero", **expected}


def test_a_merge_tells_whom_it_met_and_has_two_parents(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"tags": ["night", "rain"]}, 2)
    answer = edit(ben, {"tags": []}, 2)
    (told,) = answer.json()["conflicts"]
    assert (told["type"], told["affected_users"], told["severity"]) == (
        "version_conflict",
        ["ana"],
        "low",  # tags reach nobody
    )
    assert get_content("hero")["tags"] == ["rain"]
    merged = Version.objects.get(entity=get_entity("hero"), number=4)
    parents = read_made_from(role=MERGES, version_ids=[merged.pk])
    assert [number for _, number in parents.values()] == [2]
    kept = Conflict.objects.get()
    assert (kept.status, kept.version, kept.run_id) == ("merged", merged, answer.json()["run_id"])
    shown = ben.get("/api/v1/assets/hero/versions/4").json()
    assert shown["merges"] == "hero_v2"


def test_if_match_names_the_base_as_well(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"wardrobe": "green coat"})
    assert edit(ben, {"hat": "tall"}, HTTP_IF_MATCH='"hero_v2"').status_code == 202
    with only_a_conflict_written():
        answer = edit(ben, {"wardrobe": "blue coat"}, HTTP_IF_MATCH='"hero_v2"')
    assert answer.status_code == 409
    with nothing_written():
        strict = {"HTTP_IF_MATCH": '"hero_v2"', "HTTP_PREFER": "handling=strict"}
        read_problem(edit(ben, {"brim": "wide"}, **strict), 412, "version-conflict")


def test_what_does_not_go_together_is_kept_in_the_shape_of_the_story(
    ana: APIClient, ben: APIClient
) -> None:
    assert edit(ana, {"wardrobe": "green coat"}, 2).status_code == 202
    with only_a_conflict_written():
        answer = edit(ben, {"wardrobe": "blue coat", "hat": "tall"}, 2)
    body = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/json")
    assert body == {
        "status": "conflict",
        "requires_intervention": True,
        "conflict_id": body["conflict_id"],
        "conflicts": [
            {
                "type": "version_conflict",
                "severity": "medium",
                "description": "ana changed wardrobe since v2.",
                "affected_users": ["ana"],
                "resolution_options": ["merge", "manual_resolution"],
                "fields": [
                    {
                        "field": "wardrobe",
                        "kind": "value",
                        "base": "red coat",
                        "theirs": "green coat",
                        "yours": "blue coat",
                    }
                ],
            }
        ],
        "resolve_url": f"/api/v1/conflicts/{body['conflict_id']}/resolution",
        "conflict_url": f"/api/v1/conflicts/{body['conflict_id']}",
    }
    kept = ana.get(body["conflict_url"]).json()
    assert kept["edit"] == {"wardrobe": "blue coat", "hat": "tall"}
    assert (kept["author"], kept["base_version"], kept["their_version"]) == (
        "ben",
        "hero_v2",
        "hero_v3",
    )
    assert Event.objects.order_by("-seq")[0].type == "conflict_opened"


def test_the_same_edit_by_both_is_no_conflict(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"wardrobe": "green coat"}, 2)
    with nothing_written():
        answer = edit(ben, {"wardrobe": "green coat"}, 2)
    assert (answer.status_code, answer.json()["version"]) == (200, "hero_v3")


def test_a_version_that_only_followed_others_is_no_edit(
    ana: APIClient, film: None, api: APIClient
) -> None:
    run = edit(ana, {"hat": "tall"}).json()["run_id"]
    drive(PropagationRun.objects.get(pk=run))
    body = {"change_data": {"note": "x"}, "base_version": 1}
    answer = post(api, "assets/shot-00000/propagate", body)
    assert (answer.status_code, "conflicts" in answer.json()) == (202, False)


@pytest.mark.parametrize(
    ("choice", "coat"),
    [
        ("yours", "blue coat"),
        ("theirs", "green coat"),
        ("base", "red coat"),
        ({"value": "teal coat"}, "teal coat"),
    ],
)
def test_a_choice_per_field_resolves_it(
    ana: APIClient, ben: APIClient, choice: object, coat: str
) -> None:
    answer = clash(ana, ben)
    done = resolve(ana, answer, {"choices": {"wardrobe": choice}, "note": "agreed"})
    assert (done.status_code, done.json()["version"]) == (202, "hero_v4")
    content = get_content("hero")
    assert (content["wardrobe"], content["hat"]) == (coat, "tall")
    conflict = done.json()["conflict"]
    assert (conflict["status"], conflict["closed_by"], conflict["reason"]) == (
        "resolved",
        "ana",
        "agreed",
    )
    again = resolve(ben, answer, {"choices": {"wardrobe": "yours"}})
    read_problem(again, 409, "conflict-over")


def test_choices_are_kept_until_none_is_left(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"wardrobe": "green coat", "look": {"hair": "long"}}, 2)
    answer = edit(ben, {"wardrobe": "blue coat", "look": {"hair": "none"}}, 2)
    first = resolve(ben, answer, {"choices": {"wardrobe": "yours"}})
    assert (first.status_code, first.json()["status"], first.json()["conflict"]["left"]) == (
        200,
        "open",
        1,
    )
    shown = first.json()["conflict"]["fields"]
    assert {one["field"]: one.get("choice") for one in shown} == {
        "wardrobe": {"take": "yours"},
        "look.hair": None,
    }
    done = resolve(ben, answer, {"choices": {"look.hair": "theirs"}})
    assert done.status_code == 202
    assert get_content("hero")["wardrobe"] == "blue coat"
    assert get_content("hero")["look"] == {"hair": "long"}


def test_a_conflict_that_is_overtaken_merges_again_with_its_choices(
    ana: APIClient, ben: APIClient
) -> None:
    edit(ana, {"wardrobe": "green coat", "look": {"hair": "long"}}, 2)
    answer = edit(ben, {"wardrobe": "blue coat", "look": {"hair": "none"}, "hat": "tall"}, 2)
    resolve(ben, answer, {"choices": {"wardrobe": "yours"}})
    assert edit(ana, {"hat": "flat"}, 3).status_code == 202
    overtaken = resolve(ben, answer, {"choices": {"look.hair": "yours"}})
    assert (overtaken.status_code, overtaken.json()["status"]) == (409, "conflict")
    fields = overtaken.json()["conflicts"][0]["fields"]
    assert {one["field"]: "choice" in one for one in fields} == {
        "wardrobe": True,
        "look.hair": True,
        "hat": False,
    }
    done = resolve(ben, answer, {"choices": {"hat": {"value": "cap"}}})
    assert done.status_code == 202
    content = get_content("hero")
    assert (content["wardrobe"], content["look"], content["hat"]) == (
        "blue coat",
        {"hair": "none"},
        "cap",
    )


def test_who_chose_between_two_values_has_not_seen_a_third(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"wardrobe": "green coat", "look": {"hair": "long"}}, 2)
    answer = edit(ben, {"wardrobe": "blue coat", "look": {"hair": "none"}}, 2)
    resolve(ben, answer, {"choices": {"wardrobe": "yours"}})
    edit(ana, {"wardrobe": "white coat"}, 3)
    overtaken = resolve(ben, answer, {"choices": {"look.hair": "yours"}})
    assert overtaken.status_code == 409
    theirs = {one["field"]: one["theirs"] for one in overtaken.json()["conflicts"][0]["fields"]}
    assert theirs["wardrobe"] == "white coat"
    assert get_content("hero")["wardrobe"] == "white coat"
    kept = ben.get(overtaken.json()["conflict_url"]).json()
    assert kept["left"] == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"choices": {"hat": "yours"}}, "/choices/hat"),
        ({"choices": {"wardrobe": "mine"}}, "/choices/wardrobe"),
        ({"choices": {"wardrobe": {"take": "yours", "value": 1}}}, "/choices/wardrobe"),
        ({"choices": {"wardrobe": 1}}, "/choices"),
        ({"choices": ["yours"]}, "/choices"),
        ({"proceed": True}, "/proceed"),
        ({"choice": {}}, "/choice"),
    ],
)
def test_what_is_no_choice_is_refused(
    ana: APIClient, ben: APIClient, body: dict[str, Any], pointer: str
) -> None:
    answer = clash(ana, ben)
    client = sign_in("sue", Role.SUPERVISOR)
    with nothing_written():
        refused = resolve(client, answer, body)
    assert refused.status_code == 422
    assert list_pointers(refused.json()) == [pointer]


def test_a_typed_value_has_to_be_one_that_the_field_can_have(
    ana: APIClient, ben: APIClient
) -> None:
    edit(ana, {"name": "One"}, 2)
    answer = edit(ben, {"name": "Two"}, 2)
    refused = resolve(ben, answer, {"choices": {"name": {"value": 7}}})
    assert read_problem(refused, 422, "invalid-change")["errors"]
    assert resolve(ben, answer, {"choices": {"name": {"value": "Three"}}}).status_code == 202
    assert get_entity("hero").name == "Three"


def test_an_edit_can_be_dismissed_or_withdrawn(ana: APIClient, ben: APIClient) -> None:
    first, second = clash(ana, ben), edit(ben, {"wardrobe": "pink coat"}, 2)
    paths = [one.json()["conflict_url"].removeprefix("/api/v1/") for one in (first, second)]
    with nothing_written():
        read_problem(post(ana, f"{paths[0]}/dismiss", {}), 403, "forbidden")
        read_problem(post(ana, f"{paths[1]}/withdraw", {}), 404, "not-found")
    sue = sign_in("sue", Role.SUPERVISOR)
    gone = post(sue, f"{paths[0]}/dismiss", {"reason": "not needed"}).json()
    assert (gone["status"], gone["closed_by"], gone["reason"]) == (
        "dismissed",
        "sue",
        "not needed",
    )
    assert post(ben, f"{paths[1]}/withdraw", {}).json()["status"] == "expired"
    read_problem(post(ben, f"{paths[1]}/withdraw", {}), 409, "conflict-over")
    assert get_content("hero")["wardrobe"] == "green coat"


def test_who_writes_anew_what_was_refused_has_nothing_left_to_decide(
    ana: APIClient, ben: APIClient
) -> None:
    answer = clash(ana, ben)
    assert edit(ben, {"wardrobe": "blue coat"}, 3).status_code == 202
    kept = ben.get(answer.json()["conflict_url"]).json()
    assert (kept["status"], kept["reason"]) == ("expired", "its author made the edit anew")


def test_conflicts_are_listed(ana: APIClient, ben: APIClient) -> None:
    clash(ana, ben)
    edit(ben, {"tags": ["fog"]}, 2)
    path = "/api/v1/projects/film/conflicts"
    assert [one["status"] for one in ana.get(path).json()["data"]] == ["open"]
    rows = ana.get(f"{path}?status=all&type=version_conflict&asset_id=hero").json()["data"]
    assert [one["status"] for one in rows] == ["merged", "open"]
    assert ana.get(f"{path}?asset_id=film:shot-00001&status=all").json()["data"] == []
    assert ana.get(f"{path}?status=any").status_code == 422
    assert ana.get("/api/v1/projects/film/propagation-status").json()["conflicts"] == 1


def test_a_strict_project_asks_about_any_two_edits(ana: APIClient, ben: APIClient) -> None:
    configure(strictness="strict")
    edit(ana, {"wardrobe": "green coat"}, 2)
    with only_a_conflict_written():
        answer = edit(ben, {"hat": "tall"}, 2)
    fields = answer.json()["conflicts"][0]["fields"]
    assert [one["field"] for one in fields] == ["wardrobe", "hat"]
    assert resolve(ana, answer, {"choices": {"wardrobe": "base"}}).json()["conflict"]["left"] == 1
    done = resolve(ana, answer, {"choices": {"hat": "yours"}})
    assert done.status_code == 202
    assert (get_content("hero")["wardrobe"], get_content("hero")["hat"]) == ("red coat", "tall")


def test_in_a_relaxed_project_the_last_edit_counts(ana: APIClient, ben: APIClient) -> None:
    configure(strictness="relaxed")
    edit(ana, {"wardrobe": "green coat", "hat": "flat"}, 2)
    answer = edit(ben, {"wardrobe": "blue coat"}, 2)
    assert answer.status_code == 202
    assert (get_content("hero")["wardrobe"], get_content("hero")["hat"]) == ("blue coat", "flat")
    assert Conflict.objects.get().reason == "last_edit"


def test_a_project_says_how_its_fields_go_together(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"palette": ["red"]})
    FieldKind.objects.create(project=Project.objects.get(code="film"), field="palette", kind="set")
    edit(ana, {"palette": ["red", "gold"]}, 3)
    assert edit(ben, {"palette": ["red", "blue"]}, 3).status_code == 202
    assert get_content("hero")["palette"] == ["red", "gold", "blue"]


def test_where_writes_are_strict_they_say_what_they_started_from(
    ana: APIClient, ben: APIClient
) -> None:
    settings = {"strict_writes": True, "reason": "two shifts"}
    admin = sign_in("ada", Role.ADMIN)
    path = "projects/film/settings"
    with nothing_written():
        read_problem(send(ben, "PATCH", path, json.dumps(settings)), 403, "forbidden")
    assert send(admin, "PATCH", path, json.dumps(settings)).json()["strict_writes"] is True
    assert Project.history.latest().history_change_reason == "two shifts"
    supervisor = sign_in("sue", Role.SUPERVISOR)
    requests: list[tuple[str, str, object]] = [
        ("POST", "assets/hero/propagate", {"change_data": {"hat": "tall"}}),
        ("POST", "assets/hero/rollback", {"version_number": 1, "reason": "x"}),
        ("PUT", "assets/hero/best", {"version": 1}),
        ("PATCH", "assets/hero/versions/1", {"is_hidden": True}),
        ("POST", "edges", {"source": "shot-00000", "target": "shot-00001"}),
        ("DELETE", "edges", {"source": "hero", "target": "shot-00001"}),
        ("PUT", "assets/shot-00001/pins", {"source": "hero", "reason": "x"}),
        (
            "POST",
            "propagation/batch",
            {"asset_changes": [{"asset_id": "hero", "changes": {"hat": "tall"}}]},
        ),
    ]
    for method, where, body in requests:
        with nothing_written():
            answer = send(supervisor, method, where, json.dumps(body))
            read_problem(answer, 428, "precondition-required")
    assert edit(ben, {"hat": "tall"}, 2).status_code == 202


def test_a_version_that_was_never_published_is_no_base(ana: APIClient) -> None:
    with nothing_written():
        read_problem(edit(ana, {"hat": "tall"}, 99), 412, "version-conflict")
        for base in (0, -1, True, "hero_v", "shot-00001_v1", [1], 2**31):
            problem = read_problem(edit(ana, {"hat": "tall"}, base), 422, "validation-error")
            assert list_pointers(problem) == ["/base_version"], base
        both = edit(ana, {"hat": "tall"}, 1, HTTP_IF_MATCH='"hero_v2"')
        assert list_pointers(read_problem(both, 422, "validation-error")) == ["/base_version"]


def test_a_dry_run_tells_of_the_conflict_and_keeps_none(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"wardrobe": "green coat"}, 2)
    body = {"change_data": {"wardrobe": "blue coat"}, "base_version": 2}
    with nothing_written():
        shown = post(ben, "assets/hero/propagate?dry_run=true", body).json()
    (told,) = shown["conflicts"]
    assert (told["type"], told["settled_by"], shown["fields"]) == ("version_conflict", None, [])


def test_of_a_batch_what_clashes_waits_and_the_rest_goes_on(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"wardrobe": "green coat"}, 2)
    changes = [
        {"asset_id": "hero", "changes": {"wardrobe": "blue coat"}, "base_version": 2},
        {"asset_id": "film:hero", "changes": {"hat": "tall"}, "base_version": "hero_v2"},
        {"asset_id": "shot-00001", "changes": {"note": "x"}},
    ]
    answer = post(ben, "propagation/batch", {"asset_changes": changes})
    assert answer.status_code == 202
    statuses = [one["status"] for one in answer.json()["results"]]
    assert statuses == ["conflict", "accepted", "accepted"]
    assert get_content("hero")["hat"] == "tall"
    assert resolve(ben, Only(answer.json()["results"][0]), {"choices": {"wardrobe": "yours"}})
    assert get_content("hero")["wardrobe"] == "blue coat"


def test_of_an_atomic_batch_nothing_goes_on(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"wardrobe": "green coat"}, 2)
    changes = [
        {"asset_id": "shot-00001", "changes": {"note": "x"}},
        {"asset_id": "hero", "changes": {"wardrobe": "blue coat"}, "base_version": 2},
    ]
    with only_a_conflict_written():
        answer = post(ben, "propagation/batch", {"asset_changes": changes, "atomic": True})
    assert (answer.status_code, answer.json()["status"]) == (409, "conflict")


def test_an_unfinished_run_of_another_gives_way_unless_somebody_stopped_it(
    ana: APIClient, ben: APIClient
) -> None:
    run = edit(ana, {"hat": "tall"}).json()["run_id"]
    passing = edit(ben, {"hat": "flat"})
    assert passing.status_code == 202
    told = passing.json()["conflicts"][-1]
    assert (told["type"], told["affected_users"]) == ("dependency_conflict", ["ana"])
    assert f"Run {run} of ana" in told["description"]
    mine = passing.json()["run_id"]
    pause_run(run_id=mine, actor=None, at=timezone.now())
    with only_a_conflict_written():
        answer = edit(ana, {"hat": "wide"})
    told = answer.json()["conflicts"][0]
    assert (told["type"], told["resolution_options"]) == (
        "dependency_conflict",
        ["proceed", "withdraw"],
    )
    with nothing_written():
        read_problem(resolve(ana, answer, {"proceed": True}), 403, "forbidden")
    sue = sign_in("sue", Role.SUPERVISOR)
    assert resolve(sue, answer, {"proceed": True, "note": "late"}).status_code == 202
    assert get_content("hero")["hat"] == "wide"


def test_who_may_not_see_a_project_finds_none_of_its_conflicts(
    ana: APIClient, ben: APIClient
) -> None:
    answer = clash(ana, ben)
    stranger = APIClient()
    stranger.force_authenticate(make_user("stranger"))
    with nothing_written():
        read_problem(stranger.get(answer.json()["conflict_url"]), 404, "not-found")
        read_problem(resolve(stranger, answer, {"choices": {}}), 404, "not-found")


def test_a_locked_entity_gets_no_resolution(ana: APIClient, ben: APIClient) -> None:
    answer = clash(ana, ben)
    Entity.objects.filter(code="hero").update(is_locked=True)
    with nothing_written():
        refused = resolve(ben, answer, {"choices": {"wardrobe": "yours"}})
        read_problem(refused, 423, "locked")


def test_a_key_brings_the_same_conflict_again(ana: APIClient, ben: APIClient) -> None:
    edit(ana, {"wardrobe": "green coat"}, 2)
    first, second = (
        edit(ben, {"wardrobe": "blue coat"}, 2, HTTP_IDEMPOTENCY_KEY="once") for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (409, 409)
    assert second["Idempotency-Replayed"] == "true"
    assert first.json() == second.json()
    assert Conflict.objects.filter(status="open").count() == 1


class Only:
    """What `resolve` reads of an answer."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.json: Callable[[], dict[str, Any]] = lambda: body
