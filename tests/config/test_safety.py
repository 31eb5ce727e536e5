"""What is served safely: headers, cookies, and that an unsafe installation does not start."""

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from config.boot import find_dangers, is_loopback
from propagation.sockets.entrance import is_from_here
from tests.builders import change, get_entity, load, star
from tests.processes import ROOT

STRONG = "kept-only-for-this-test-" + "0123456789abcdef" * 2
PRODUCTION = {
    "SECRET_KEY": STRONG,
    "ALLOWED_HOSTS": "film.example",
    "CONTINUITY_URL": "https://film.example",
    "CONTINUITY_PROXY_SSL_HEADER": "X-Forwarded-Proto",
    "CONTINUITY_PROXIES": "1",
}


def run(tmp_path: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run Python with the settings that the environment makes."""
    kept = {name: value for name, value in os.environ.items() if name not in PRODUCTION}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={
            **kept,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "CONTINUITY_HOME": str(tmp_path),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_djangos_own_list_for_production_has_nothing_to_say(tmp_path: Path) -> None:
    arguments = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    done = run(tmp_path, *arguments, **PRODUCTION)
    assert done.returncode == 0, done.stderr
    incomplete = {**PRODUCTION, "CONTINUITY_PROXY_SSL_HEADER": ""}
    done = run(tmp_path, *arguments, **incomplete)
    assert done.returncode == 1
    assert "continuity.W001" in done.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"DEBUG": "true"}, "DEBUG"),
        ({"SECRET_KEY": "change-me"}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 60}, "SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + STRONG}, "SECRET_KEY"),
    ],
)
def test_what_is_unsafe_is_not_served_to_others(
    settings: Settings, wrong: dict[str, str], said: str
) -> None:
    settings.SECRET_KEY = STRONG
    assert find_dangers(hosts=["film.example"]) == []
    for name, value in wrong.items():
        setattr(settings, name, value)
    (danger,) = find_dangers(hosts=["127.0.0.1", "film.example"])
    assert said in danger.text
    assert find_dangers(hosts=["127.0.0.1", "localhost", "[::1]"]) == []


def test_neither_a_command_nor_the_web_server_starts_what_is_unsafe(tmp_path: Path) -> None:
    unsafe = {**PRODUCTION, "SECRET_KEY": "change-me"}
    for start in (("manage.py", "migrate"), ("-m", "config.web", "--port", "0")):
        done = run(tmp_path, *start, **unsafe)
        assert done.returncode == 1
        assert "SECRET_KEY" in done.stderr
    local = {"SECRET_KEY": STRONG, "DEBUG": "true"}
    arguments = ("-m", "config.web", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 (refused)
    done = run(tmp_path, *arguments, **local)
    assert (done.returncode, "DEBUG" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("[::1]", True),
        ("demo.localhost", True),
        ("0.0.0.0", False),  # noqa: S104 (it is what must not pass)
        ("::", False),
        ("*", False),
        ("", False),
        ("localhost.example", False),
        ("192.168.0.1", False),
    ],
)
def test_this_machine_is_known_from_others(host: str, *, is_local: bool) -> None:
    assert is_loopback(host) == is_local


@pytest.mark.django_db
def test_every_answer_has_the_headers_that_keep_browsers_out_of_trouble(director: User) -> None:
    client = Client()
    client.force_login(director)
    for path, status in (("/admin/", 200), ("/api/v1/projects", 200), ("/nowhere", 404)):
        answer = client.get(path)
        assert answer.status_code == status
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in answer["Permissions-Policy"]
        policy = answer["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        # The demo is served by http: nothing may say that it is not.
        assert "Strict-Transport-Security" not in answer


@pytest.mark.django_db
def test_by_https_cookies_stay_there_and_http_leads_there(
    director: User, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    director.set_password("correct horse battery")
    director.save()
    client = Client()
    answer = client.get("/admin/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/admin/")
    assert client.get("/health/live").status_code == 200
    by_proxy = {"X-Forwarded-Proto": "https"}
    client.get("/admin/login/", headers=by_proxy)
    form = {"username": "director", "password": "correct horse battery"}
    answer = client.post("/admin/login/", form, headers=by_proxy)
    assert answer.status_code == 302
    assert answer["Strict-Transport-Security"].startswith("max-age=60")
    session = client.cookies["sessionid"]
    assert (session["secure"], session["httponly"], session["samesite"]) == (True, True, "Lax")
    csrf = client.cookies["csrftoken"]
    assert (csrf["secure"], csrf["samesite"]) == (True, "Lax")


def test_a_socket_from_our_page_is_known_behind_a_proxy_too(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["film.example"]
    headers = [(b"host", b"film.example"), (b"origin", b"https://film.example")]
    scope: dict[str, Any] = {"scheme": "ws", "headers": headers}
    assert not is_from_here(scope)
    proto = (b"x-forwarded-proto", b"https")
    assert not is_from_here({**scope, "headers": [*headers, proto]})
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert is_from_here({**scope, "headers": [*headers, proto]})
    assert not is_from_here(scope)


class Inline(HTMLParser):
    """Collects what a strict policy keeps from running: scripts and styles within a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag when it runs, styles or leads to something inline."""
        given = dict(attrs)
        is_data = given.get("type") in ("application/json", "importmap")
        if tag == "style" or (tag == "script" and "src" not in given and not is_data):
            self.found.append(tag)
        self.found += [
            f"{tag} {name}" for name in given if name.startswith("on") or name == "style"
        ]
        self.found += [tag for value in given.values() if (value or "").startswith("javascript:")]


@pytest.mark.django_db
def test_no_page_of_the_admin_needs_what_the_policy_refuses(director: User) -> None:
    load(star(2))
    run = change("hero", description="<script>alert(1)</script>").run
    assert run
    client = Client()
    client.force_login(director)
    hero, shot = get_entity("hero"), get_entity("shot-00000")
    paths = [
        "/admin/login/",
        "/admin/",
        "/admin/password_change/",
        reverse("admin:auth_user_add"),
        reverse("admin:auth_user_change", args=[director.pk]),
        reverse("admin:assets_project_change", args=[hero.project_id]),
        reverse("admin:assets_asset_change", args=[hero.pk]),
        reverse("admin:assets_asset_propagate", args=[hero.pk]),
        reverse("admin:assets_asset_history", args=[hero.pk]),
        reverse("admin:assets_shot_change", args=[shot.pk]),
        reverse("admin:propagation_propagationrun_change", args=[run.pk]),
        *(
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            for model in _list_models()
        ),
    ]
    assert b"&lt;script&gt;alert(1)" in client.get(paths[7]).content
    found = {}
    for path in paths:
        answer = (Client() if path == "/admin/login/" else client).get(path)
        assert answer.status_code == 200, path
        assert "script-src" not in answer["Content-Security-Policy"]
        page = Inline()
        page.feed(answer.content.decode())
        if page.found:
            found[path] = page.found
    assert not found


def _list_models() -> list[Any]:
    from django.contrib import admin  # noqa: PLC0415 (its registry is filled only now)

    return list(admin.site._registry)
