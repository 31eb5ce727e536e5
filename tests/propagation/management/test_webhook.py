"""manage.py webhook listen: what is signed is printed, what is not is refused."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import httpx
import pytest
from django.utils import timezone

from propagation.management.listening import MAX_BODY_BYTES, Listener
from propagation.webhooks.sending import Letter, send_letter
from propagation.webhooks.signing import make_secret, sign_message
from tests.processes import ROOT, START_LIMIT_S, make_environment
from tests.propagation.management.calling import call
from tests.propagation.webhooks.receiver import make_outside

SECRET = make_secret()
BODY = '{"type":"webhook.test","timestamp":"2026-11-20T10:45:10.000Z","data":{"project_id":"film"}}'


def sign(secret: str = SECRET, late_s: float = 0) -> dict[str, str]:
    at = timezone.now() + timedelta(seconds=late_s)
    return sign_message(message_id="msg_1", body=BODY, secret_texts=[secret], at=at)


@contextmanager
def listen() -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield where a listener listens, what it shows, and what it complains about."""
    shown: list[str] = []
    complaints: list[str] = []
    with Listener(
        port=0,
        secret=SECRET,
        show=lambda message_id, body: shown.append(f"{message_id} {body}"),
        complain=complaints.append,
    ) as listener:
        thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield listener.url, shown, complaints
        finally:
            listener.shutdown()
            thread.join()


def post(url: str, body: str | bytes, headers: dict[str, str]) -> int:
    with httpx.Client(trust_env=False) as client:
        return client.post(url, content=body, headers=headers).status_code


def test_what_the_courier_sends_is_shown() -> None:
    with listen() as (url, shown, complaints):
        letter = Letter(url=url, headers=sign(), body=BODY)
        assert send_letter(letter, make_outside()).status == 204
    assert (shown, complaints) == ([f"msg_1 {BODY}"], [])


FORGED: list[tuple[str | bytes, Callable[[], dict[str, str]]]] = [
    (BODY, dict),
    (BODY, lambda: sign(make_secret())),
    (BODY, lambda: sign(late_s=-301)),
    (BODY + " ", sign),
    (BODY.encode("utf-16"), sign),
    (b"x" * (MAX_BODY_BYTES + 1), sign),
]


@pytest.mark.parametrize(("body", "make_headers"), FORGED)
def test_what_is_not_verified_is_refused(
    body: str | bytes, make_headers: Callable[[], dict[str, str]]
) -> None:
    with listen() as (url, shown, complaints):
        assert post(url, body, make_headers()) == 400
        assert post(url, BODY, sign()) == 204
    assert (len(shown), len(complaints)) == (1, 1)


def test_it_listens_to_this_machine_only_and_prints_until_it_is_interrupted() -> None:
    command = ["webhook", "listen", "--port", "0", "--secret", SECRET, "--json"]
    with subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=make_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            said = re.search(r"http://127\.0\.0\.1:[0-9]+/", process.stderr.readline())
            assert said
            assert post(said[0], BODY, {}) == 400
            assert post(said[0], BODY, sign()) == 204
            line = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(START_LIMIT_S) == 130
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()  # or the block waits for it without end
    assert json.loads(line) == {"id": "msg_1", "message": json.loads(BODY)}


def test_what_is_no_secret_or_no_port_is_refused() -> None:
    for arguments in (
        ["--secret", "mine"],
        ["--secret", SECRET, "--port", "65536"],
        ["--secret", SECRET, "--port", "x"],
        [],
    ):
        assert call("webhook", "listen", *arguments).code == 2


def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        called = call("webhook", "listen", "--port", port, "--secret", SECRET)
    assert (called.code, f"Port {port} cannot be listened on" in called.err) == (1, True)
