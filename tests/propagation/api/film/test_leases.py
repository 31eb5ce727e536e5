"""Edit leases: who is editing what, for as long as they say so."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from assets.models import Role
from propagation.models import Conflict, EditLease, PropagationRun
from propagation.services.edit_leases import forget_leases
from tests.builders import change, get_content
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
from tests.propagation.api.film.editing import configure, edit, resolve, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(film: None) -> APIClient:
    """Return a client of Ana."""
    del film
    return sign_in("ana")


@pytest.fixture
def ben(film: None) -> APIClient:
    """Return a client of Ben."""
    del film
    return sign_in("ben")


def lease(client: APIClient, *fields: str, code: str = "hero") -> Answer:
    """Say that somebody is editing these fields."""
    return post(client, f"assets/{code}/leases", {"fields": list(fields)})


def fall_silent(seconds: float) -> None:
    """Have everybody said nothing for so long."""
    EditLease.objects.update(expires_at=F("expires_at") - timedelta(seconds=seconds))


def test_a_lease_is_started_renewed_and_ended(ana: APIClient, ben: APIClient) -> None:
    started = lease(ana, "wardrobe")
    body = started.json()
    assert (started.status_code, body["user"], body["base_version"]) == (201, "ana", "hero_v1")
    assert body["others"] == []
    (seen,) = lease(ben, "look").json()["others"]
    assert (seen["user"], seen["fields"], "token" in seen) == ("ana", ["wardrobe"], False)
    path = started["Location"].removeprefix("/api/v1/")
    fall_silent(20)
    renewed = send(ana, "PUT", path, '{"fields": ["hat"]}').json()
    assert renewed["fields"] == ["hat"]
    assert renewed["expires_at"] > body["expires_at"]
    shown = ben.get("/api/v1/projects/film/presence").json()["data"]
    assert [(one["user"], one["asset_id"], one["fields"]) for one in shown] == [
        ("ana", "hero", ["hat"]),
        ("ben", "hero", ["look"]),
    ]
    assert send(ana, "DELETE", path).status_code == 204
    shown = ben.get("/api/v1/assets/hero/leases").json()["data"]
    assert [one["user"] for one in shown] == ["ben"]


def test_who_falls_silent_has_stopped(ana: APIClient, ben: APIClient) -> None:
    path = lease(ana, "wardrobe")["Location"].removeprefix("/api/v1/")
    fall_silent(settings.EDIT_LEASE_S + 1)
    assert ben.get("/api/v1/projects/film/presence").json()["data"] == []
    with nothing_written():
        for method in ("PUT", "DELETE"):
            read_problem(send(ana, method, path, "{}"), 404, "not-found")
    assert "conflicts" not in edit(ben, {"wardrobe": "blue"}).json()
    assert forget_leases(at=timezone.now()) == 1
    assert not EditLease.objects.exists()


def test_a_lease_is_its_owners_alone(ana: APIClient, ben: APIClient) -> None:
    path = lease(ana, "wardrobe")["Location"].removeprefix("/api/v1/")
    vic = sign_in("vic", Role.VIEWER)
    with nothing_written():
        for method in ("PUT", "DELETE"):
            read_problem(send(ben, method, path, "{}"), 404, "not-found")
        read_problem(lease(vic, "hat"), 403, "forbidden")


@pytest.mark.parametrize(
    ("leased", "data", "is_met"),
    [
        (["wardrobe"], {"wardrobe": "blue"}, True),
        (["look"], {"look": {"hair": "long"}}, True),
        (["look.hair"], {"look": {"hair": "long"}}, True),
        (["look.eyes"], {"look": {"hair": "long"}}, False),
        (["ward"], {"wardrobe": "blue"}, False),
        ([], {"wardrobe": "blue"}, True),
    ],
)
def test_an_edit_tells_whose_fields_it_met(
    ana: APIClient, ben: APIClient, *, leased: list[str], data: dict[str, object], is_met: bool
) -> None:
    change("hero", look={"hair": "short", "eyes": "grey"})
    lease(ana, *leased)
    PropagationRun.objects.update(actor=User.objects.get(username="ben"))  # of nobody else
    answer = edit(ben, data)
    assert answer.status_code == 202
    told = [(one["type"], one["affected_users"]) for one in answer.json().get("conflicts", [])]
    assert told == ([("simultaneous_edit", ["ana"])] if is_met else [])
    assert [one.status for one in Conflict.objects.all()] == (["merged"] if is_met else [])


def test_two_windows_of_one_person_do_not_conflict(ana: APIClient) -> None:
    lease(ana, "wardrobe")
    assert lease(ana, "wardrobe").json()["others"] == []
    assert "conflicts" not in edit(ana, {"wardrobe": "blue"}).json()


def test_where_leases_lock_others_wait(ana: APIClient, ben: APIClient) -> None:
    configure(leases_lock=True)
    path = lease(ana, "wardrobe")["Location"].removeprefix("/api/v1/")
    with only_a_conflict_written():
        answer = edit(ben, {"wardrobe": "blue"})
    told = answer.json()["conflicts"][0]
    assert (answer.status_code, told["type"], told["resolution_options"]) == (
        409,
        "simultaneous_edit",
        ["wait", "proceed", "withdraw"],
    )
    assert told["description"] == "ana is editing wardrobe."
    sue = sign_in("sue", Role.SUPERVISOR)
    with nothing_written():
        read_problem(lease(ben, "wardrobe"), 423, "leased")
        back = post(sue, "assets/hero/rollback", {"version_number": 1, "reason": "x"})
        assert read_problem(back, 423, "leased")["affected_users"] == ["ana"]
    assert edit(ben, {"hat": "tall"}).status_code == 202
    assert resolve(ben, answer, {}).status_code == 409
    send(ana, "DELETE", path)
    assert resolve(ben, answer, {}).status_code == 202
    assert get_content("hero")["wardrobe"] == "blue"


def test_a_supervisor_goes_on_all_the_same(ana: APIClient, ben: APIClient) -> None:
    configure(leases_lock=True)
    lease(ana)
    answer = edit(ben, {"wardrobe": "blue"})
    sue = sign_in("sue", Role.SUPERVISOR)
    assert resolve(sue, answer, {"proceed": True}).status_code == 202
    assert get_content("hero")["wardrobe"] == "blue"


def test_what_is_no_lease_is_refused(ana: APIClient) -> None:
    for body, pointer in (
        ({"fields": "wardrobe"}, "/fields"),
        ({"fields": [""]}, "/fields/0"),
        ({"fields": ["x"] * 101}, "/fields"),
        ({"base_version": 0}, "/base_version"),
        ({"field": []}, "/field"),
    ):
        with nothing_written():
            answer = post(ana, "assets/hero/leases", body)
        assert list_pointers(answer.json()) == [pointer]


def test_a_preview_says_which_targets_are_being_edited(ana: APIClient, ben: APIClient) -> None:
    preview = "assets/hero/propagate?dry_run=true"
    body = {"change_data": {"hat": "tall"}}
    assert post(ben, preview, body).json()["under_edit"] == []
    started = post(ana, "assets/shot-00001/leases", {"fields": ["mood"]})
    assert started.status_code == 201, started.content
    shown = post(ben, preview, body).json()
    assert shown["under_edit"] == [{"id": "shot-00001", "user": "ana", "fields": ["mood"]}]
