"""Tokens: each has a name, a scope and an end; some are for a few projects; all are revocable."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from assets.models import Membership, Project, Role
from propagation.models import AccessToken, AuditEntry, Scope
from propagation.services.access_tokens import forget_tokens, make_token
from propagation.services.socket_tickets import issue_ticket, redeem_ticket
from tests.builders import load, make_user, star
from tests.client import APIClient
from tests.propagation.admin.browsing import sign_in
from tests.propagation.api.asking import Answer, list_pointers, nothing_written, post, read_problem
from tests.propagation.api.asking import make_token as run_command

pytestmark = pytest.mark.django_db
CHANGE = {"change_data": {"colour": "blue"}}


@pytest.fixture
def ada(film: None) -> User:
    """Have a second project, `other`; return an admin of both, who is a member of staff."""
    load(star(1), code="other")
    ada = make_user("ada", roles={"film": Role.ADMIN, "other": Role.ADMIN})
    ada.is_staff = True
    ada.save()
    return ada


def by_session(user: User) -> APIClient:
    """Return a client that is signed in as people are."""
    client = APIClient()
    client.force_login(user)
    return client


def give(user: User, scope: Scope = Scope.ADMIN, *, only: str | None = None) -> APIClient:
    """Return a client with a token of the user's; only: the code of the project that it is for."""
    projects = None if only is None else [Project.objects.get(code=only)]
    made = make_token(
        user=user,
        name="nightly",
        scope=scope,
        projects=projects,
        actor=None,
        at=timezone.now(),
    )
    return with_token(made.text)


def with_token(text: str) -> APIClient:
    """Return a client that sends the token."""
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {text}")


def ask(client: APIClient, **body: object) -> dict[str, Any]:
    """Ask for a token that has to be given."""
    answer = post(client, "me/tokens", {"name": "nightly", **body})
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def list_ids(client: APIClient) -> list[str]:
    """Return the ids of the tokens that the client is told of."""
    return [one["id"] for one in client.get("/api/v1/me/tokens").json()["data"]]


def test_a_token_is_shown_once_and_lets_its_holder_in(ada: User) -> None:
    client = by_session(ada)
    answer = post(client, "me/tokens", {"name": "nightly", "scope": "write"})
    made = answer.json()
    assert answer["Cache-Control"] == "no-store"
    assert made["token"].startswith("cty_")
    listed = client.get("/api/v1/me/tokens").json()["data"]
    assert listed == [{name: value for name, value in made.items() if name != "token"}]
    stored = AccessToken.objects.get()
    assert made["token"] not in str(vars(stored))
    assert len(with_token(made["token"]).get("/api/v1/projects").json()["data"]) == 2


def test_a_token_ends_after_90_days_unless_one_says_otherwise(ada: User) -> None:
    for days, body in ((90, {}), (1, {"expires_in_days": 1}), (365, {"expires_in_days": 365})):
        ask(by_session(ada), **body)
        token = AccessToken.objects.latest("created")
        assert token.expiry - timezone.now() == pytest.approx(
            timedelta(days=days), abs=timedelta(minutes=1)
        )


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"name": "x", "scope": "root"}, "/scope"),
        ({"name": "x", "expires_in_days": 0}, "/expires_in_days"),
        ({"name": "x", "expires_in_days": 366}, "/expires_in_days"),
        ({"name": "x", "projects": []}, "/projects"),
        ({"name": "x", "user": "ben"}, "/user"),
        ({"name": "x", "last_used_at": None}, "/last_used_at"),
    ],
)
def test_what_cannot_be_a_token_is_refused(
    ada: User, body: Mapping[str, object], pointer: str
) -> None:
    with nothing_written():
        answer = post(by_session(ada), "me/tokens", body)
    code = "unknown-field" if pointer in ("/user", "/last_used_at") else "validation-error"
    assert list_pointers(read_problem(answer, 422, code)) == [pointer]


def test_nobody_has_more_than_so_many_tokens(ada: User, settings: Settings) -> None:
    settings.MAX_TOKENS = 2
    for _ in "ab":
        ask(by_session(ada))
    with nothing_written():
        answer = post(by_session(ada), "me/tokens", {"name": "nightly"})
    problem = read_problem(answer, 422, "limit-exceeded")
    assert (problem["limit"], problem["actual"]) == (2, 3)
    AccessToken.objects.update(expiry=timezone.now())
    ask(by_session(ada))


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("get", "projects", Scope.READ),
        ("get", "projects/film/rules", Scope.READ),
        ("post", "assets/film:hero/propagate?dry_run=true", Scope.READ),
        ("post", "ws-tickets", Scope.READ),
        ("post", "assets/film:hero/propagate", Scope.WRITE),
        ("post", "assets/film:hero/propagate?dry_run=True", Scope.WRITE),
        ("post", "assets/film:hero/propagate?dry_run=true&dry_run=false", Scope.WRITE),
        ("post", "me/tokens?dry_run=true", Scope.WRITE),
        ("patch", "projects/film/settings", Scope.ADMIN),
        ("put", "projects/film/rules/keep", Scope.ADMIN),
        ("put", "projects/film/members/ben", Scope.ADMIN),
        ("get", "projects/film/webhooks", Scope.ADMIN),
        ("post", "projects/film/webhooks", Scope.ADMIN),
    ],
)
def test_a_token_does_what_is_in_its_scope(
    ada: User, method: str, path: str, needed: Scope
) -> None:
    for scope in Scope:
        send = getattr(give(ada, scope), method)
        answer = send(f"/api/v1/{path}", {}, **({} if method == "get" else {"format": "json"}))
        if scope.includes(needed):
            assert answer.status_code not in (401, 403), answer.content
            continue
        assert repr(needed.value) in read_problem(answer, 403, "insufficient-scope")["detail"]
        assert answer["WWW-Authenticate"] == (
            f'Bearer error="insufficient_scope", scope="{needed.value}"'
        )


def test_a_token_gives_no_more_than_the_role_of_its_user(ada: User) -> None:
    del ada
    viewer = give(make_user("ben", roles={"film": Role.VIEWER}))
    with nothing_written():
        answer = post(viewer, "assets/hero/propagate", CHANGE)
    read_problem(answer, 403, "forbidden")
    read_problem(viewer.get("/metrics"), 403, "forbidden")


def test_whoever_loses_a_role_loses_it_for_their_tokens(ada: User) -> None:
    client = give(ada)
    Membership.objects.filter(project__code="film").update(role=Role.VIEWER)
    read_problem(post(client, "assets/film:hero/propagate", CHANGE), 403, "forbidden")
    Membership.objects.all().delete()
    read_problem(client.get("/api/v1/projects/film"), 404, "not-found")


@pytest.mark.parametrize("is_superuser", [False, True])
def test_a_token_for_one_project_reaches_no_other(ada: User, *, is_superuser: bool) -> None:
    ada.is_superuser = is_superuser
    ada.save()
    ask(by_session(ada), projects=["film"])
    client = give(ada, only="other")
    assert [one["id"] for one in client.get("/api/v1/projects").json()["data"]] == ["other"]
    assert client.get("/api/v1/me").json()["roles"] == {"other": "admin"}
    assert client.get("/api/v1/assets/hero").json()["project_id"] == "other"
    read_problem(client.get("/api/v1/assets/film:hero"), 404, "not-found")
    with nothing_written():
        read_problem(post(client, "assets/film:hero/propagate", CHANGE), 404, "not-found")
        read_problem(
            post(client, "me/tokens", {"name": "x", "projects": ["film"]}), 404, "not-found"
        )
    assert post(client, "assets/other:hero/propagate", CHANGE).status_code == 202
    # What belongs to no project is not for it.
    read_problem(client.get("/metrics"), 403, "forbidden")
    assert by_session(ada).get("/metrics").status_code == 200


def test_a_token_whose_last_project_goes_reaches_none(ada: User) -> None:
    client = give(ada, only="other")
    AccessToken.projects.through.objects.all().delete()
    assert client.get("/api/v1/projects").json()["data"] == []


@pytest.mark.parametrize("scope", [Scope.WRITE, Scope.ADMIN])
def test_a_token_makes_no_token_that_is_wider_or_lasts_longer(ada: User, scope: Scope) -> None:
    made = ask(by_session(ada), scope=scope, projects=["other"], expires_in_days=2)
    client = with_token(made["token"])
    child = ask(client, scope=scope, expires_in_days=365)
    assert (child["projects"], child["expires_at"]) == (["other"], made["expires_at"])
    if scope == Scope.WRITE:
        with nothing_written():
            answer = post(client, "me/tokens", {"name": "more", "scope": "admin"})
        read_problem(answer, 403, "insufficient-scope")


def test_a_token_is_told_of_itself_and_of_what_it_made(ada: User) -> None:
    session = by_session(ada)
    other = ask(session)
    made = ask(session, scope="write")
    client = with_token(made["token"])
    child = ask(client)
    assert list_ids(client) == [child["id"], made["id"]]
    assert list_ids(session) == [child["id"], made["id"], other["id"]]
    with nothing_written():
        answer = client.delete(f"/api/v1/me/tokens/{other['id']}")
        problem = read_problem(answer, 404, "not-found")
        absent = read_problem(client.delete("/api/v1/me/tokens/tok_0"), 404, "not-found")
    assert problem["detail"] == absent["detail"]


def test_a_token_takes_along_what_it_made_when_it_is_revoked(ada: User) -> None:
    session = by_session(ada)
    kept = ask(session)
    made = ask(session, scope="write")
    child = ask(with_token(made["token"]), scope="write")
    grandchild = ask(with_token(child["token"]))
    assert session.delete(f"/api/v1/me/tokens/{made['id']}").status_code == 204
    assert list_ids(session) == [kept["id"]]
    for gone in (made, child, grandchild):
        answer = with_token(gone["token"]).get("/api/v1/projects")
        read_problem(answer, 401, "unauthenticated")
    actions = AuditEntry.objects.filter(action="token_revoked", project__code="film")
    assert actions.count() == 3


def test_nobody_sees_or_revokes_the_tokens_of_others(ada: User) -> None:
    made = ask(by_session(ada))
    ben = by_session(make_user("ben", roles={"film": Role.ADMIN}))
    assert list_ids(ben) == []
    with nothing_written():
        read_problem(ben.delete(f"/api/v1/me/tokens/{made['id']}"), 404, "not-found")


def test_the_trail_of_each_project_that_a_token_reaches_has_it(ada: User) -> None:
    ask(by_session(ada), projects=["film"], scope="write")
    entry = AuditEntry.objects.get(action="token_created")
    assert (entry.project.code, entry.name, entry.actor) == ("film", "nightly", ada)
    assert entry.after
    assert (entry.after["user"], entry.after["scope"]) == ("ada", "write")
    ask(by_session(ada))
    assert AuditEntry.objects.filter(action="token_created").count() == 3


def test_the_last_use_is_noted_once_an_hour(ada: User) -> None:
    client = give(ada)
    assert AccessToken.objects.get().last_used_at is None
    client.get("/api/v1/projects")
    noted = AccessToken.objects.get().last_used_at
    assert noted
    client.get("/api/v1/projects")
    assert AccessToken.objects.get().last_used_at == noted
    AccessToken.objects.update(last_used_at=noted - timedelta(hours=1))
    client.get("/api/v1/projects")
    assert AccessToken.objects.get().last_used_at > noted


def test_a_request_looks_its_token_up_in_one_statement(ada: User) -> None:
    client = give(ada, only="film")
    for _ in range(5):
        give(ada)
    client.get("/api/v1/projects")
    with CaptureQueriesContext(connection) as captured:
        client.get("/api/v1/projects")
    about = [one["sql"] for one in captured if "accesstoken" in one["sql"]]
    assert len(about) == 2  # and one that reads which projects it is for


def test_tokens_that_are_over_are_forgotten_after_a_month(ada: User) -> None:
    give(ada)
    at = timezone.now()
    AccessToken.objects.update(expiry=at - timedelta(days=29))
    assert forget_tokens(at=at) == 0
    assert forget_tokens(at=at + timedelta(days=2)) == 1


def test_the_ticket_of_a_token_opens_no_more_than_the_token(ada: User) -> None:
    token = AccessToken.objects.get(code=ask(by_session(ada), projects=["other"])["id"])
    at = timezone.now()
    ticket = issue_ticket(user=ada, at=at, token_digest=token.digest)
    holder = redeem_ticket(text=ticket.text, at=at)
    assert holder
    assert not holder.may_write
    codes = Project.objects.visible_to(holder.user).values_list("code", flat=True)
    assert list(codes) == ["other"]
    late = issue_ticket(user=ada, at=at, token_digest=token.digest)
    token.delete()
    assert redeem_ticket(text=late.text, at=at) is None


def test_the_command_makes_a_token_as_it_is_told(ada: User) -> None:
    options = ("--scope", "read", "--only", "film", "--name", "nightly", "--expires-days", "7")
    client = with_token(run_command("ada", *options))
    (told,) = client.get("/api/v1/me/tokens").json()["data"]
    assert (told["name"], told["scope"], told["projects"]) == ("nightly", "read", ["film"])
    assert AccessToken.objects.get().expiry < timezone.now() + timedelta(days=8)
    read_problem(post(client, "assets/film:hero/propagate", CHANGE), 403, "insufficient-scope")


@pytest.mark.parametrize(
    "options",
    [
        ("--scope", "root"),
        ("--only", "none"),
        ("--expires-days", "0"),
        ("--expires-days", "366"),
        ("--expires-days", "x"),
        ("--name", ""),
        ("--project", "film"),
    ],
)
def test_the_command_refuses_what_cannot_be_a_token(ada: User, options: tuple[str, ...]) -> None:
    users = User.objects.count()
    with nothing_written(), pytest.raises(CommandError) as error:
        call_command("token", "new", *options)
    assert error.value.returncode in (1, 2)
    assert User.objects.count() == users


def revoke_on_page(client: Client, token: AccessToken) -> Answer:
    """Choose the action of the page for the token."""
    form = {"action": "revoke", "_selected_action": [token.pk]}
    return client.post(reverse("admin:propagation_accesstoken_changelist"), form, follow=True)


def test_staff_sees_and_revokes_its_own_tokens_and_superusers_all(ada: User) -> None:
    give(ada)
    token = AccessToken.objects.get()
    stranger = sign_in("kim", {"film": Role.ADMIN})
    page = stranger.get(reverse("admin:propagation_accesstoken_changelist"))
    assert page.context["cl"].result_count == 0
    revoke_on_page(stranger, token)
    assert AccessToken.objects.exists()
    boss = Client()
    boss.force_login(make_user("boss", is_superuser=True))
    page = boss.get(reverse("admin:propagation_accesstoken_changelist"))
    assert b"nightly" in page.content
    assert token.token_key.encode() not in page.content
    assert b"1 revoked" in revoke_on_page(boss, token).content
    assert not AccessToken.objects.exists()
    for path in ("add/", f"{token.pk}/delete/"):
        answer = boss.get(f"/admin/propagation/accesstoken/{path}")
        assert answer.status_code in (302, 403)
