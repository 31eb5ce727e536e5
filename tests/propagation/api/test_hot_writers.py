"""Many people write the same few assets at once, through a real server, with real workers."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from assets.models import Project
from propagation.live.wake import wait_until
from propagation.models import Conflict, ConflictStatus, PropagationRun
from propagation.models.run import ACTIVE_STATUSES
from propagation.recovery.consistency import check_project
from propagation.recovery.sweep import sweep
from tests.builders import get_entity, load
from tests.processes import START_LIMIT_S, Workers
from tests.propagation.api.asking import make_token
from tests.server import Server
from versions.change import apply_patches
from versions.merging.merge import merge_contents
from versions.models import DEFINITION, Version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.workers]
WORDS = ("amber", "brass", "coral", "denim", "ember", "flint", "grey", "hazel")


@dataclass(frozen=True, kw_only=True)
class Written:
    """One edit that was accepted: what it was, and which version it became."""

    code: str
    base: int
    data: Mapping[str, Any]
    number: int
    writer: str


def make_production(assets: int) -> dict[str, Any]:
    """Return a production in which each asset is used by two shots."""
    codes = [f"hot-{number:02}" for number in range(assets)]
    content = {
        "description": "A coat on a hook. It has been there for years. Nobody asks whose it is.",
        "wardrobe": "plain coat",
        "tags": ["night", "rain"],
        "look": {"collar": "wide", "lining": "silk"},
        "beats": ["arrive", "wait", "leave"],
    }
    return {
        "assets": [{"id": code, "type": "prop", **content} for code in codes],
        "shots": [
            {"shot_id": f"{code}-{take}", "visual_prompt": {"prop_references": [code]}}
            for code in codes
            for take in "ab"
        ],
    }


def make_edit(chance: random.Random, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a change of one or two fields of what a writer sees."""
    edits: dict[str, Callable[[], Any]] = {
        "description": lambda: f"{content['description']} {chance.choice(WORDS).title()}.",
        "wardrobe": lambda: f"{chance.choice(WORDS)} coat",
        "tags": lambda: [*content["tags"][-4:], f"{chance.choice(WORDS)}-{chance.random():.3f}"],
        "look": lambda: {chance.choice(("collar", "lining", "hem")): chance.choice(WORDS)},
        "beats": lambda: [*content["beats"][-5:], chance.choice(WORDS)],
        "note": lambda: None if "note" in content else chance.choice(WORDS),
    }
    return {field: edits[field]() for field in chance.sample(list(edits), chance.randint(1, 2))}


def write_often(edits: int, name: str, url: str, token: str, codes: list[str]) -> Any:  # noqa: ANN401
    """Read an asset, edit what was read, so often; return what was accepted, and all answers."""
    chance = random.Random(name)  # noqa: S311 (seeded chance)
    written, statuses = [], Counter[int]()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
        for _ in range(edits):
            code = chance.choice(codes)
            read = client.get(f"/assets/{code}")
            assert read.status_code == 200, read.text
            shown = read.json()
            base = int(shown["best"].rpartition("_v")[2])
            data = make_edit(chance, shown["content"])
            answer = client.post(
                f"/assets/{code}/propagate", json={"change_data": data, "base_version": base}
            )
            statuses[answer.status_code] += 1
            if answer.status_code == 202:
                number = int(answer.json()["version"].rpartition("_v")[2])
                written.append(Written(code=code, base=base, data=data, number=number, writer=name))
    return written, statuses


@pytest.mark.parametrize(
    ("writers", "assets", "edits"),
    [
        (6, 2, 8),
        pytest.param(
            32 if connection.vendor == "postgresql" else 4, 20, 150, marks=pytest.mark.chaos
        ),
    ],
)
def test_every_accepted_edit_is_in_the_history_and_the_end_is_their_serial_merge(
    server_process: Server, workers: Workers, writers: int, assets: int, edits: int
) -> None:
    del workers
    production = make_production(assets)
    load(production)
    codes = [asset["id"] for asset in production["assets"]]
    names = [f"writer-{number}" for number in range(writers)]
    tokens = {name: make_token(name, "--project", "film", "--role", "artist") for name in names}
    with ThreadPoolExecutor(writers) as pool:
        found = list(
            pool.map(
                lambda name: write_often(edits, name, server_process.url, tokens[name], codes),
                names,
            )
        )
    statuses = sum((some for _, some in found), Counter[int]())
    assert set(statuses) <= {200, 202, 409}, f"{statuses}\n{server_process.read_log()}"
    assert statuses[202] > writers
    assert statuses[409] == Conflict.objects.exclude(status=ConflictStatus.MERGED).count()
    accepted = {(one.code, one.number): one for some, _ in found for one in some}
    assert len(accepted) == statuses[202]
    for code in codes:
        check_history(code, {number: one for (of, number), one in accepted.items() if of == code})
    assert wait_until(is_quiet, run_id=0, timeout_s=START_LIMIT_S)
    assert not check_project(project=Project.objects.get()).exceptions
    print(f"\n{writers} writers, {edits} edits each: {dict(statuses)}")  # noqa: T201 (with pytest -s)


def is_quiet() -> bool:
    """Do what a scheduler does, and tell whether all runs are over.

    On a machine that is busy a message may be put off: then the sweep sends it.
    """
    sweep(at=timezone.now())
    return not PropagationRun.objects.filter(status__in=ACTIVE_STATUSES).exists()


def check_history(code: str, accepted: Mapping[int, Written]) -> None:
    """Make every accepted edit once more, one after the other; each version is what that gives."""
    versions = Version.objects.filter(entity=get_entity(code), slot=DEFINITION)
    rows = list(versions.select_related("content", "author").order_by("number"))
    contents = {row.number: row.content.data for row in rows}
    authored = {row.number: row.author.username for row in rows if row.author}
    assert authored == {number: one.writer for number, one in accepted.items()}
    for number, one in accepted.items():
        base = contents[one.base]
        merged = merge_contents(
            base=base, theirs=contents[number - 1], yours=apply_patches(base, [dict(one.data)])
        )
        assert not merged.clashes
        assert merged.content == contents[number], (code, number)
