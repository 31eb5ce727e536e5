"""One storm: changes keep coming while faults hit the stack; then all is counted."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from threading import Event, Thread
from typing import Any
from uuid import UUID

import httpx

from tests.chaos.faults import Fault
from tests.chaos.stack import Stack, wait_for_redis
from tests.processes import ROOT
from tests.server import run_server

ENDS_WITHIN_S = 60.0
"""After the last fault, everything is done within this (RELIABILITY.md)."""
REQUEST_LIMIT_S = 30.0
POLL_S = 0.2
TRIES = 100
"""How often a client sends a request again that was not answered."""


@dataclass(frozen=True, kw_only=True)
class Weather:
    """How a storm goes: so many shots that use all of the sources, for so many seconds.

    faults: how many seconds lie between two of a kind. change_every_s: how often a source changes.
    """

    seed: int
    shots: int
    sources: int
    seconds: float
    change_every_s: float
    faults: Mapping[Fault, float]


def import_production(stack: Stack, *, shots: int, sources: int) -> None:
    """Import a production in which every shot uses every source."""
    names = [f"prop-{number}" for number in range(sources)]
    production = {
        "assets": [{"id": name, "type": "prop"} for name in names],
        "shots": [
            {"shot_id": f"shot-{number:05}", "visual_prompt": {"prop_references": names}}
            for number in range(shots)
        ],
    }
    path = stack.home / "production.json"
    path.write_text(json.dumps(production))
    stack.manage("import_project", str(path), "--project", "film")
    wait_for_redis(stack)


@contextmanager
def open_client(stack: Stack, *, user: str = "director") -> Iterator[httpx.Client]:
    """Run a web server on the storm's database, and give a client of it that may do everything."""
    token = stack.manage("token", user, "--superuser").splitlines()[-1]
    with (
        run_server(stack.environment) as server,
        httpx.Client(
            base_url=server.url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=REQUEST_LIMIT_S,
            trust_env=False,
        ) as client,
    ):
        yield client


def brave(stack: Stack, weather: Weather) -> dict[str, Any]:
    """Let the storm pass over the stack; return what was asked for and what the audit counts."""
    import_production(stack, shots=weather.shots, sources=weather.sources)
    random = Random(weather.seed)  # noqa: S311 (a storm that can be had again)
    is_over = Event()
    asked: list[int] = []
    with open_client(stack) as client:
        seed = random.random()
        writer = Thread(target=_keep_changing, args=(client, weather, seed, is_over, asked))
        writer.start()
        try:
            for pause_s, fault in _plan_faults(weather, random):
                Event().wait(pause_s)
                fault(stack, random)
        finally:
            is_over.set()
            writer.join()
        return count_effects(stack, client, asked)


def count_effects(stack: Stack, client: httpx.Client, asked: Sequence[int]) -> dict[str, Any]:
    """Wait until the runs are over, and count what they did."""
    started = time.monotonic()
    _wait_for_ends(client, asked)
    took_s = time.monotonic() - started
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.audit"],
        cwd=ROOT,
        env={**os.environ, **stack.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return {"asked": list(asked), "ended_after_s": round(took_s, 1), **json.loads(done.stdout)}


def check(found: Mapping[str, Any]) -> None:
    """Check that nothing was lost and nothing done twice."""
    told = json.dumps(found, indent=1)
    for name in ("unfinished", "twice", "lost"):
        assert found[name] == 0, told
    for name in ("inconsistent", "tampered"):
        assert found[name] == [], told
    assert found["ends"] == [1], told
    assert found["runs"].keys() <= {"success", "cancelled"}, told
    assert found["items"].keys() <= {"applied", "unchanged", "superseded"}, told
    assert found["versions"] == found["items"]["applied"], told
    assert len(set(found["asked"])) == len(found["asked"]), told
    assert found["ended_after_s"] < ENDS_WITHIN_S, told


def _plan_faults(weather: Weather, random: Random) -> Sequence[tuple[float, Fault]]:
    """Return the faults in order, each with the seconds to wait before it."""
    moments: list[tuple[float, int, Fault]] = []
    for kind, (fault, every_s) in enumerate(weather.faults.items()):
        at = random.uniform(0.3, 1.0) * every_s
        while at < weather.seconds:
            moments.append((at, kind, fault))
            at += every_s
    moments.sort(key=lambda moment: moment[:2])
    before = [0.0, *(at for at, _, _ in moments)]
    return [(at - last, fault) for last, (at, _, fault) in zip(before, moments, strict=False)]


def _keep_changing(
    client: httpx.Client, weather: Weather, seed: float, is_over: Event, asked: list[int]
) -> None:
    """Change one source after the other, each request with a key of its own."""
    random = Random(seed)  # noqa: S311
    turn = 0
    while True:
        name = f"prop-{turn % weather.sources}"
        asked.append(_change(client, name, turn, str(UUID(int=random.getrandbits(128)))))
        turn += 1
        if is_over.wait(weather.change_every_s):
            return


def _change(client: httpx.Client, name: str, value: int, key: str) -> int:
    """Change a source as a client that sends a request again until it is answered."""
    for _ in range(TRIES):
        try:
            answer = client.post(
                f"/assets/{name}/propagate",
                json={"change_data": {"value": value}},
                headers={"Idempotency-Key": key},
            )
        except httpx.TransportError:
            continue
        if answer.status_code == httpx.codes.ACCEPTED:
            run_id: int = answer.json()["run_id"]
            return run_id
        assert answer.status_code in (httpx.codes.CONFLICT, httpx.codes.SERVICE_UNAVAILABLE), (
            answer.text
        )
        Event().wait(POLL_S)
    raise TimeoutError(key)


def _wait_for_ends(client: httpx.Client, asked: Sequence[int]) -> None:
    """Wait until each run is over, twice as long as it may take at most."""
    deadline = time.monotonic() + 2 * ENDS_WITHIN_S
    for run_id in asked:
        while time.monotonic() < deadline:
            try:
                if client.get(f"/runs/{run_id}").json()["finished_at"]:
                    break
            except (httpx.TransportError, KeyError):  # the database is away, or coming back
                pass
            Event().wait(POLL_S)
