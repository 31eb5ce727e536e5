"""Schemathesis asks a real server what the OpenAPI document allows and what it does not."""

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
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


def ask(server: Server, home: Path, *options: str) -> str:
    """Let it ask as somebody who may do everything; return what it says once nothing is wrong.

    home: where all that it says and found is kept.
    """
    arguments = ["run", f"{server.url}/openapi.json", "--checks=all", "--no-color", *options]
    token = make_token("boss", "--superuser", "--scope", "admin")
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={CONFIG}",
            *arguments,
            f"--header=Authorization: Bearer {token}",
            # A token that is sent with every request cannot be left out by it, and
            # `documented_request_acceptance` (schemathesis_hooks.py) asks for what the other does.
            "--exclude-checks=ignored_auth,positive_data_acceptance",
            "--warnings=off",
        ],
        cwd=home,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(CONFIG.with_name("schemathesis_hooks.py"))},
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
    kept = home / "schemathesis.log"
    kept.write_text(done.stdout + done.stderr)
    found = "\n".join(group_findings(done.stdout))
    assert done.returncode == 0, f"{found or done.stderr[-2_000:]}\n{options}: {kept}"
    return done.stdout


def group_findings(said: str) -> Iterator[str]:
    """Yield each kind of finding, with the code of the problem that was answered, and where."""
    by_kind: dict[str, list[str]] = {}
    where = ""
    for part in re.split(r"^(?=_{3,} .* _{3,}$|- ST[0-9]+ )", said, flags=re.MULTILINE):
        heading, _, rest = part.partition("\n")
        if not heading.startswith("- ST"):
            where = heading.strip("_ ")
            continue
        code = re.search(r'"code":"([^"]+)"', rest)
        by_kind.setdefault(f"{heading[2:]}{f' ({code[1]})' if code else ''}", []).append(where)
    for kind, places in sorted(by_kind.items()):
        yield f"{len(places)} times {kind}: {', '.join(dict.fromkeys(places))}"


def test_every_example_is_answered_as_documented(
    server_process: Server, workers: Workers, tmp_path: Path
) -> None:
    del workers
    stage_demo(home=settings.HOME, at=timezone.now())
    said = ask(server_process, tmp_path, "--phases=examples")
    assert count_cases(said) > 30


@pytest.mark.chaos
def test_thousands_of_requests_are_answered_as_documented(
    server_process: Server, workers: Workers, tmp_path: Path
) -> None:
    """CONTINUITY_SEED=1 asks what seed 1 asked; a failure says its own."""
    del workers
    stage_demo(home=settings.HOME, at=timezone.now())
    seed = os.environ.get("CONTINUITY_SEED") or str(random.SystemRandom().randrange(2**32))
    options = ("--phases=coverage,fuzzing,stateful", "--max-examples=20", f"--seed={seed}")
    said = ask(server_process, tmp_path, *options)
    print(said[-1500:])  # noqa: T201 (with pytest -s)
    assert count_cases(said) > 2000


def test_findings_are_grouped_by_what_was_answered() -> None:
    finding = '- ST202 Rejected\n\n[400] Bad Request:\n\n    `{"code":"bad-etag"}`\n'
    blocks = [f"___ GET /a ___\n1. Test\n{finding}{finding}", f"___ GET /b ___\n{finding}"]
    said = "".join(["FAILURES\n", *blocks, "- ST108 Shape\n"])
    assert list(group_findings(said)) == [
        "1 times ST108 Shape: GET /b",
        "3 times ST202 Rejected (bad-etag): GET /a, GET /b",
    ]


def count_cases(said: str) -> int:
    """Return how many requests it made."""
    found = re.search(r"([0-9]+) generated", said)
    assert found, said
    return int(found[1])
