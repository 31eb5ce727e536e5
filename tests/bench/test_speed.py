"""The benchmark from the command line, on a real stack with real workers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench.speed.figures import LEAN, PRODUCT, RAW, STORY, TASKS

ROOT = Path(__file__).parents[2]
SIZE = 200
LIMIT_S = 600
SERVER = os.environ.get("DATABASE_URL", "")


def list_databases() -> set[str]:
    if not SERVER:
        return set()
    with psycopg.connect(SERVER) as admin:
        rows = admin.execute("SELECT datname FROM pg_database").fetchall()
    return {name for (name,) in rows if name.startswith("continuity_bench_")}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what one run wrote."""
    path = tmp_path_factory.mktemp("bench") / "speed.json"
    before = list_databases()
    options = ["--sizes", str(SIZE), "--rounds", "1", "--shapes", "star", "film"]
    options += ["--limit", "1", "--latency-rounds", "2", "--json", str(path)]
    options += ["--database", SERVER] if SERVER else []
    done = subprocess.run(
        [sys.executable, "-m", "bench.speed", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    assert list_databases() <= before, "its database is dropped"
    return {**json.loads(path.read_text()), "printed": done.stdout}


def test_every_way_is_measured_on_the_same_graphs(found: dict[str, Any]) -> None:
    assert [(row["shape"], row["size"]) for row in found["rows"]] == [
        ("star", SIZE),
        ("film", SIZE),
    ]
    for row in found["rows"]:
        assert {RAW, LEAN, PRODUCT, STORY, TASKS} <= row["figures"].keys()
        assert all(one["seconds"] > 0 for one in row["figures"].values())
        assert row["growth"][PRODUCT] == 1


def test_the_report_says_what_it_was_measured_on(found: dict[str, Any]) -> None:
    machine = found["machine"]
    assert machine["database"]["vendor"] == ("PostgreSQL" if SERVER else "SQLite")
    assert machine["cores"] == os.cpu_count()
    assert machine["redis"]
    assert found["options"]["database"] is None, "it may hold a password"


def test_memory_of_two_workers_and_the_web_process_is_told(found: dict[str, Any]) -> None:
    samples = [one for one in found["samples"] if one["way"] == PRODUCT]
    for sample in samples:
        peaks = sample["details"]["peaks"]
        assert {"web", "batch", "batch-2"} <= peaks.keys()
        assert min(peaks.values()) > 10_000_000
        assert sample["details"]["processor_s"]["web"] > 0


def test_what_did_not_end_in_time_is_marked(found: dict[str, Any]) -> None:
    for sample in found["samples"]:
        done = sample["details"].get("done", SIZE)
        assert sample["is_extrapolated"] == (done < SIZE)
    assert any(one["is_extrapolated"] for one in found["samples"])
    assert "~" in found["printed"]


def test_a_client_hears_of_the_first_target(found: dict[str, Any]) -> None:
    assert len(found["latency"]) == 2
    assert all(0 < one["from_request_s"] < 30 for one in found["latency"])
    assert "A client hears of the first target" in found["printed"]
