"""Schemathesis asks a real server what the OpenAPI document allows and what it does not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from config.demo.staging import stage_demo
from tests.processes import Workers
from tests.propagation.api.asking import make_token
from tests.server import Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.workers]
CONFIG = Path(__file__).with_name("schemathesis.toml")


def ask(server: Server, *options: str) -> str:
    """Let it ask as somebody who may do everything; return what it says once nothing is wrong."""
    arguments = ["run", f"{server.url}/openapi.json", "--checks=all", "--no-color", *options]
    token = make_token("boss", "--superuser", "--scope", "admin")
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={CONFIG}",
            *arguments,
            f"--header=Authorization: Bearer {token}",
            # A token that is sent with every request cannot be left out by it.
            "--exclude-checks=ignored_auth",
            "--warnings=off",
        ],
        cwd=settings.HOME,  # where it keeps what it found
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
    assert done.returncode == 0, f"{done.stdout[-20_000:]}\n{done.stderr[-2_000:]}"
    return done.stdout


def test_every_example_is_answered_as_documented(server_process: Server, workers: Workers) -> None:
    del workers
    stage_demo(home=settings.HOME, at=timezone.now())
    said = ask(server_process, "--phases=examples")
    assert count_cases(said) > 30


@pytest.mark.chaos
def test_thousands_of_requests_are_answered_as_documented(
    server_process: Server, workers: Workers
) -> None:
    del workers
    stage_demo(home=settings.HOME, at=timezone.now())
    said = ask(server_process, "--phases=coverage,fuzzing,stateful", "--max-examples=20")
    print(said[-1500:])  # noqa: T201 (with pytest -s)
    assert count_cases(said) > 2000


def count_cases(said: str) -> int:
    """Return how many requests it made."""
    found = re.search(r"([0-9]+) generated", said)
    assert found, said
    return int(found[1])
