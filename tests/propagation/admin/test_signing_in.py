"""Signing in: whoever guesses is locked out for a while, and nobody else is."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from tests.builders import make_user
from tests.client import APIClient
from tests.propagation.api.asking import Answer, make_token

pytestmark = pytest.mark.django_db
RIGHT = "correct horse battery"


@pytest.fixture
def ann(settings: Settings) -> User:
    """Have an account that is locked after three wrong passwords."""
    settings.AXES_FAILURE_LIMIT = 3
    ann = make_user("ann")
    ann.is_staff = True
    ann.set_password(RIGHT)
    ann.save()
    return ann


def sign_in(password: str, *, name: str = "ann", address: str = "192.0.2.1") -> Answer:
    """Send the form of the page; 302: signed in, 200: the form again."""
    form = {"username": name, "password": password, "next": "/admin/"}
    return Client(REMOTE_ADDR=address).post("/admin/login/", form)


def guess() -> list[int]:
    """Try four wrong passwords."""
    return [sign_in(f"wrong {number}").status_code for number in range(4)]


@pytest.mark.usefixtures("ann")
def test_whoever_guesses_is_locked_out_and_told_so() -> None:
    assert guess() == [200, 200, 429, 429]
    answer = sign_in(RIGHT)
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert b"15 minutes" in answer.content
    assert "Content-Security-Policy" in answer


@pytest.mark.usefixtures("ann")
def test_the_same_account_is_open_elsewhere_and_others_are_here() -> None:
    guess()
    assert sign_in(RIGHT, address="192.0.2.2").status_code == 302
    ben = make_user("ben")
    ben.is_staff = True
    ben.set_password(RIGHT)
    ben.save()
    assert sign_in(RIGHT, name="ben").status_code == 302


@pytest.mark.usefixtures("ann")
def test_the_lock_ends_by_itself_and_by_a_command() -> None:
    guess()
    first = AccessAttempt.objects.get()
    AccessAttempt.objects.update(attempt_time=first.attempt_time - timedelta(minutes=16))
    assert sign_in(RIGHT).status_code == 302
    guess()
    call_command("axes_reset_username", "ann")
    assert sign_in(RIGHT).status_code == 302


@pytest.mark.usefixtures("ann")
def test_a_right_password_forgets_the_wrong_ones_before() -> None:
    for _ in range(3):
        sign_in("wrong")
        sign_in("wrong")
        assert sign_in(RIGHT).status_code == 302


@pytest.mark.usefixtures("ann")
def test_no_password_is_kept_of_those_that_were_tried() -> None:
    sign_in("my other password")
    assert "my other password" not in str(vars(AccessAttempt.objects.get()))


@pytest.mark.usefixtures("ann")
def test_tokens_and_sessions_of_before_go_on(ann: User) -> None:
    token = make_token("ann", "--superuser")
    client = Client()
    client.force_login(ann)
    guess()
    assert client.get("/admin/").status_code == 200
    api = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}", REMOTE_ADDR="192.0.2.1")
    assert api.get("/api/v1/projects").status_code == 200


@pytest.mark.parametrize("password", ["short-one-1", "1q2w3e4r5t6y", "840183740183"])
def test_a_password_that_is_easy_to_guess_is_refused(ann: User, password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, ann)
