"""Who may connect and hear: by session from our own pages, by a ticket once, and members only."""

import json
from datetime import timedelta

import httpx
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from websockets.exceptions import InvalidStatus

from assets.models import Membership
from propagation.models import AccessToken, SocketTicket
from propagation.services.socket_tickets import LIFE_S, issue_ticket, redeem_ticket
from tests.builders import change, load, make_user, star
from tests.propagation.api.asking import make_token
from tests.propagation.sockets.calling import call, open_line
from tests.server import Server


def sign_in(user: User) -> str:
    """Return the cookie of somebody who signed in."""
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def refuse(server: Server, **options: object) -> int:
    """Return the status with which the handshake is refused."""
    with pytest.raises(InvalidStatus) as refused, open_line(server, **options):  # type: ignore[arg-type]
        pass
    return refused.value.response.status_code


def test_a_page_of_ours_connects_by_its_session(server_process: Server, ben: User) -> None:
    ours = {"Cookie": sign_in(ben), "Origin": f"http://127.0.0.1:{server_process.port}"}
    with open_line(server_process, headers=ours) as caller:
        assert caller.hear()["user"] == "ben"
        assert caller.subscribe("project:film")["type"] == "ready"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:1", "", "http://127.0.0.1.evil.example"],
)
def test_another_page_does_not_connect_by_a_session(
    server_process: Server, ben: User, origin: str
) -> None:
    headers = {"Cookie": sign_in(ben)} | ({"Origin": origin} if origin else {})
    assert refuse(server_process, headers=headers) == 403


def test_nobody_connects_without_either(server_process: Server, ben: User) -> None:
    del ben
    origin = {"Origin": f"http://127.0.0.1:{server_process.port}"}
    assert refuse(server_process) == 403
    assert refuse(server_process, headers=origin) == 403
    assert refuse(server_process, query="?ticket=wst_guessed") == 403
    assert refuse(server_process, path="/ws/v2") == 404


def test_a_ticket_lets_in_once(server_process: Server, ben: User, http: httpx.Client) -> None:
    del ben
    answer = http.post("/ws-tickets")
    assert answer.status_code == 201
    query = answer.json()["url"].removeprefix("/ws/v1")
    with open_line(server_process, query=query) as caller:
        assert caller.hear()["user"] == "director"
    assert refuse(server_process, query=query) == 403


@pytest.mark.django_db
def test_a_ticket_is_stored_as_a_hash_and_is_over_after_a_minute() -> None:
    ana, at = make_user("ana"), timezone.now()
    ticket = issue_ticket(user=ana, at=at).text
    assert ticket not in str(SocketTicket.objects.values())
    late = at + timedelta(seconds=LIFE_S)
    assert redeem_ticket(text=ticket, at=late) is None
    issue_ticket(user=ana, at=late)
    assert SocketTicket.objects.count() == 1
    User.objects.update(is_active=False)
    assert redeem_ticket(text=issue_ticket(user=ana, at=late).text, at=late) is None


def test_a_stranger_hears_nothing_of_a_project(server_process: Server, ben: User) -> None:
    load(star(1), code="secret")
    with call(server_process, user=ben) as caller:
        run = change("hero", "secret", colour="blue").run
        assert run
        topics = ("project:secret", "asset:secret:hero", "shot:secret:shot-00000", f"run:{run.pk}")
        for topic in topics:
            assert caller.subscribe(topic)["code"] == "not-found"
        # All or nothing.
        assert caller.subscribe("project:film", "project:secret")["code"] == "not-found"
        assert caller.ask("unsubscribe", topics=["project:film"])["topics"] == []


def test_who_may_not_see_a_project_any_more_is_cut_off(quick_server: Server, ben: User) -> None:
    with call(quick_server, user=ben) as caller:
        caller.subscribe("project:film", "shot:shot-00000")
        Membership.objects.all().delete()
        cut = caller.wait_for("error")
        assert (cut["code"], cut["topics"]) == (
            "not-found",
            ["project:film", "shot:film:shot-00000"],
        )
        User.objects.update(is_active=False)
        assert caller.wait_for("bye")["code"] == "unauthenticated"
        assert caller.wait_for_end() == 1008


def test_a_connection_lasts_no_longer_than_its_token(quick_server: Server, ben: User) -> None:
    token = make_token("ben")
    answer = httpx.post(
        f"{quick_server.url}/ws-tickets", headers={"Authorization": f"Bearer {token}"}
    )
    query = answer.json()["url"].removeprefix("/ws/v1")
    with open_line(quick_server, query=query) as caller:
        caller.hear()
        AccessToken.objects.all().delete()
        assert caller.wait_for("bye")["code"] == "unauthenticated"


def test_who_changes_the_password_signs_out_elsewhere(quick_server: Server, ben: User) -> None:
    ours = {"Cookie": sign_in(ben), "Origin": f"http://127.0.0.1:{quick_server.port}"}
    with open_line(quick_server, headers=ours) as caller:
        caller.hear()
        ben.set_password("another-one-89")
        ben.save()
        assert caller.wait_for("bye")["code"] == "unauthenticated"


def test_who_signs_out_is_let_go(quick_server: Server, ben: User) -> None:
    ours = {"Cookie": sign_in(ben), "Origin": f"http://127.0.0.1:{quick_server.port}"}
    with open_line(quick_server, headers=ours) as caller:
        caller.hear()
        Session.objects.all().delete()
        assert caller.wait_for("bye")["code"] == "unauthenticated"


def test_a_user_has_a_limited_number_of_connections(quick_server: Server, ben: User) -> None:
    with call(quick_server, user=ben), call(quick_server, user=ben) as second:
        ticket = issue_ticket(user=ben, at=timezone.now()).text
        with open_line(quick_server, query=f"?ticket={ticket}") as third:
            assert third.hear()["code"] == "too-many-sockets"
            assert third.wait_for_end() == 1013
        assert second.ask("ping")["type"] == "pong"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "malformed-json"),
        ("[" * 60_000, "malformed-json"),
        ("[]", "malformed-json"),
        ('{"type": "subscribe", "topics": ["a\\u0000"]}', "malformed-json"),
        ('{"type": "dance"}', "validation-error"),
        ("{}", "validation-error"),
        ('{"type": "subscribe"}', "validation-error"),
        ('{"type": "subscribe", "topics": "project:film"}', "validation-error"),
        ('{"type": "subscribe", "topics": ["project:film"], "sinse": 1}', "validation-error"),
        ('{"type": "subscribe", "topics": ["project:film"], "since": -1}', "validation-error"),
        ('{"type": "subscribe", "topics": ["project:film"], "since": true}', "validation-error"),
        ('{"type": "subscribe", "topics": ["film"]}', "not-found"),
        ('{"type": "subscribe", "topics": ["shot:hero"]}', "not-found"),
        ('{"type": "subscribe", "topics": ["run:99999999999999999999"]}', "not-found"),
        ('{"type": "presence", "entity": "hero", "mode": "fly"}', "validation-error"),
        ('{"type": "presence", "entity": "nobody"}', "not-found"),
    ],
)
def test_what_cannot_be_understood_is_answered_and_changes_nothing(
    server_process: Server, ben: User, text: str, code: str
) -> None:
    with call(server_process, user=ben) as caller:
        caller.connection.send(text)
        assert caller.wait_for("error")["code"] == code
        assert caller.subscribe("project:film")["type"] == "ready"


def test_who_says_too_much_is_let_go(server_process: Server, ben: User) -> None:
    with call(server_process, user=ben) as caller:
        for _ in range(101):
            caller.say("ping")
        assert caller.wait_for("bye")["code"] == "rate-limited"
        assert caller.wait_for_end() == 1008


def test_a_message_that_is_too_long_ends_the_connection(server_process: Server, ben: User) -> None:
    with call(server_process, user=ben) as caller:
        caller.connection.send(json.dumps({"type": "ping", "id": "x" * 70_000}))
        assert caller.wait_for_end() == 1009
