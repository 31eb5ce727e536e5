"""The members of a project: by its admins, of whom there always is one."""

import json

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import Membership, Role
from propagation.models import AuditEntry, Event
from tests.builders import make_user
from tests.client import APIClient
from tests.propagation.api.asking import Answer, nothing_written, read_problem, send

pytestmark = pytest.mark.django_db
MEMBERS = "projects/film/members"


@pytest.fixture
def ben(film: None) -> User:
    """Return somebody who has an account and is no member."""
    del film
    return make_user("ben")


def give(api: APIClient, username: str, role: str, **headers: str) -> Answer:
    body = json.dumps({"role": role, "reason": "joins"})
    return send(api, "PUT", f"{MEMBERS}/{username}", body, **headers)


def test_an_admin_lists_adds_changes_and_removes_members(as_admin: APIClient, ben: User) -> None:
    answer = give(as_admin, "ben", "artist")
    assert (answer.status_code, answer.json()) == (201, {"username": "ben", "role": "artist"})
    assert give(as_admin, "ben", "viewer").status_code == 200
    listed = as_admin.get(f"/api/v1/{MEMBERS}").json()["data"]
    assert listed == [
        {"username": "admin", "role": "admin"},
        {"username": "ben", "role": "viewer"},
    ]
    assert as_admin.get(f"/api/v1/{MEMBERS}/ben").json() == listed[1]
    assert send(as_admin, "DELETE", f"{MEMBERS}/ben").status_code == 204
    read_problem(as_admin.get(f"/api/v1/{MEMBERS}/ben"), 404, "not-found")
    actions = AuditEntry.objects.filter(name="ben").order_by("pk").values_list("action", "reason")
    assert list(actions) == [
        ("membership_created", "joins"),
        ("membership_changed", "joins"),
        ("membership_deleted", ""),
    ]
    told = Event.objects.filter(type="project_changed").latest("pk")
    assert told.payload == {"members": ["ben"]}


def test_the_same_role_again_changes_nothing(as_admin: APIClient, ben: User) -> None:
    give(as_admin, "ben", "artist")
    with nothing_written():
        assert give(as_admin, "ben", "artist").status_code == 200


def test_the_last_admin_neither_leaves_nor_becomes_less(as_admin: APIClient, ben: User) -> None:
    for _ in "ab":
        with nothing_written():
            read_problem(send(as_admin, "DELETE", f"{MEMBERS}/admin"), 409, "last-admin")
            read_problem(give(as_admin, "admin", "artist"), 409, "last-admin")
        give(as_admin, "ben", "admin")
        User.objects.filter(username="ben").update(is_active=False)  # does not count then
    User.objects.filter(username="ben").update(is_active=True)
    assert give(as_admin, "admin", "artist").status_code == 200
    read_problem(as_admin.get(f"/api/v1/{MEMBERS}"), 403, "forbidden")


@pytest.mark.parametrize("username", ["nobody", "gone", "%00", "a%2Fb"])
def test_who_has_no_account_is_no_member(as_admin: APIClient, username: str) -> None:
    make_user("gone")
    User.objects.filter(username="gone").update(is_active=False)
    with nothing_written():
        read_problem(give(as_admin, username, "viewer"), 404, "not-found")
        read_problem(send(as_admin, "DELETE", f"{MEMBERS}/{username}"), 404, "not-found")


def test_a_role_is_not_changed_unseen(as_admin: APIClient, ben: User) -> None:
    give(as_admin, "ben", "artist")
    seen = as_admin.get(f"/api/v1/{MEMBERS}/ben")["ETag"]
    assert give(as_admin, "ben", "viewer", HTTP_IF_MATCH=seen).status_code == 200
    with nothing_written():
        answer = give(as_admin, "ben", "admin", HTTP_IF_MATCH=seen)
    read_problem(answer, 412, "version-conflict")
    assert Membership.objects.get(user=ben).role == Role.VIEWER


def test_members_are_listed_in_a_constant_number_of_statements(
    as_admin: APIClient, film: None
) -> None:
    counts = []
    for count in (1, 10):
        for number in range(count):
            make_user(f"u{count}-{number}", roles={"film": Role.VIEWER})
        with CaptureQueriesContext(connection) as captured:
            as_admin.get(f"/api/v1/{MEMBERS}")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 4
