"""One target that kills whoever works on it: all others are done, and it is named."""

import json
import time
from pathlib import Path
from threading import Event

import pytest

from tests.chaos.databases import make_database
from tests.chaos.poison import POISONED
from tests.chaos.stack import run_stack
from tests.chaos.storm import POLL_S, count_effects, import_production, open_client

SHOTS = 10_000
ENDS_WITHIN_S = 20.0
"""RELIABILITY.md: a row that kills its process is quarantined within this."""
MOST_DEATHS = 6


@pytest.mark.chaos
@pytest.mark.workers
def test_one_of_10_000_that_kills_its_worker_fails_alone(tmp_path: Path) -> None:
    handlers = {"CONTINUITY_HANDLERS": json.dumps({"shot": "tests.chaos.poison.kill_worker"})}
    with (
        make_database(tmp_path) as url,
        run_stack(home=tmp_path, database_url=url, workers=4, environment=handlers) as stack,
    ):
        import_production(stack, shots=SHOTS, sources=1)
        with open_client(stack) as client:
            change = {"change_data": {"value": 1}}
            run_id = client.post("/assets/prop-0/propagate", json=change).json()["run_id"]
            started = time.monotonic()
            while not client.get(f"/runs/{run_id}").json()["finished_at"]:
                Event().wait(POLL_S)
            took_s = time.monotonic() - started
            run = client.get(f"/runs/{run_id}").json()
            item = client.get(f"/runs/{run_id}/items/{POISONED}").json()
            found = count_effects(stack, client, [run_id])
    assert run["status"] == "partial"
    assert (run["counts"]["applied"], run["counts"]["failed"]) == (SHOTS - 1, 1)
    assert (item["state"], item["error"]) == ("failed", "Its worker died each time.")
    assert (found["twice"], found["lost"], found["inconsistent"]) == (0, 0, [])
    assert max(found["deliveries"]) <= MOST_DEATHS
    assert took_s < ENDS_WITHIN_S
