"""The commands in the pages of docs do what the pages say."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from assets.models import Project, Role
from config.demo.staging import stage_demo
from propagation.api.openapi.operations import OPERATIONS
from propagation.api.openapi.schema import find_routes
from tests.builders import make_user
from tests.processes import ROOT, Workers, embedded_only, make_environment
from tests.propagation.api.asking import make_token
from tests.server import Server

PAGES = [
    "tour.md",
    "versions.md",
    "control.md",
    "conflicts.md",
    "webhooks.md",
    "live.md",
    "operations.md",
]
CALL = (
    'call() { curl -s -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" "$@"; }'
)
READ = "import json, sys; print(json.load(sys.stdin)[sys.argv[1]])"
GET = f"""get() {{ {sys.executable} -c '{READ}' "$1"; }}"""
END = "-- end of an answer --"


@dataclass(frozen=True, kw_only=True)
class Example:
    """A command of the page, and the answer below it; empty where none is shown."""

    command: str
    answer: str


def read_examples(page: str) -> Iterator[Example]:
    """Yield the page's commands in order; lines that go on are indented."""
    text = (Path(ROOT) / "docs" / page).read_text()
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, answer = piece, ""
            found = re.search(r"^\{", piece, re.MULTILINE)
            if found:
                command, answer = piece[: found.start()], piece[found.start() :]
            yield Example(command=command.strip(), answer=answer.strip())


def check_contains(actual: Any, shown: Any, where: str = "") -> None:  # noqa: ANN401 (any JSON value)
    """Check that the actual value has all that is shown: lists as long, objects with these keys."""
    if shown in ({}, []):
        assert actual == shown, where
    elif isinstance(shown, dict):
        assert isinstance(actual, dict), where
        for key, value in shown.items():
            assert key in actual, f"{where}/{key}: {actual}"
            check_contains(actual[key], value, f"{where}/{key}")
    elif isinstance(shown, list):
        assert len(actual) == len(shown), f"{where}: {actual}"
        for index, value in enumerate(shown):
            check_contains(actual[index], value, f"{where}/{index}")
    else:
        assert actual == shown, where


@embedded_only
@pytest.mark.workers
@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_answers_what_it_shows(
    server_process: Server, workers: Workers, page: str
) -> None:
    del workers
    stage_demo(home=settings.HOME, at=timezone.now())
    make_user("ben", roles={"night-ferry": Role.SUPERVISOR})
    make_user("kim", roles={"night-ferry": Role.ARTIST})
    assert Project.objects.get().code == "night-ferry"
    examples = list(read_examples(page))
    assert len(examples) > 7
    lines = ["set -e", f"TOKEN={make_token('ben')}", f"API={server_process.url}", CALL]
    lines += [f"KIM={make_token('kim')}", CALL.replace("TOKEN", "KIM").replace("call", "kim")]
    lines.append(GET)
    for example in examples:
        command = example.command.removesuffix("; echo")
        lines += [command.replace(".venv/bin/python", sys.executable), f"echo '{END}'"]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=make_environment(),
    )
    assert not done.returncode, f"{done.stdout[-2000:]}\n{done.stderr}"
    answers = done.stdout.split(END)
    for example, answer in zip(examples, answers, strict=False):
        if example.answer:
            check_contains(json.loads(answer), json.loads(example.answer), example.command)


CALLED = re.compile(r"\$API(/[^\s\"')]*)")


def list_calls() -> set[tuple[str, str]]:
    """Return (method, path) of every call of the API that a page makes; variables as one word."""
    calls = set()
    for page in PAGES:
        for example in read_examples(page):
            method = re.search(r"-X (\w+)", example.command)
            default = "POST" if re.search(r" -[dF] ", example.command) else "GET"
            for path in CALLED.findall(example.command):
                plain = re.sub(r"\$\w+", "x", path.partition("?")[0])
                calls.add((method[1] if method else default, f"/api/v1{plain}"))
    return calls


def test_the_pages_knock_at_every_door() -> None:
    calls = list_calls()
    for path, (name, _) in find_routes().items():
        pattern = re.compile(
            re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path).replace(r"\{key\}", ".+"))
        )
        for method in OPERATIONS[name]:
            assert any(method == how and pattern.fullmatch(url) for how, url in calls), (
                f"{method} {path} is called by no page"
            )
