"""manage.py benchmark: on a database of its own, which is gone afterwards."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from propagation.management.benchmark.advice import advise, choose_batch_size
from propagation.management.benchmark.findings import (
    BATCH_SIZES,
    STORY,
    Findings,
    Scenario,
    ScenarioFindings,
    Trial,
    read_findings,
)
from propagation.management.benchmark.report import list_findings
from propagation.management.exits import Exit
from propagation.planning.sizing import BOUNDS
from tests.propagation.management.calling import USAGE, call

ROOT = Path(__file__).parents[3]
SERVER = os.environ.get("DATABASE_URL", "")
LIMIT_S = 300


def run_benchmark(
    home: Path, *options: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", "benchmark", *options],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "CONTINUITY_HOME": str(home),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )


def list_databases() -> set[str]:
    if not SERVER:
        return set()
    with psycopg.connect(SERVER) as admin:
        rows = admin.execute("SELECT datname FROM pg_database").fetchall()
    return {name for (name,) in rows if name.startswith("continuity_benchmark_")}


def test_a_small_scenario_is_measured_and_nothing_is_left(tmp_path: Path) -> None:
    before = list_databases()
    done = run_benchmark(
        tmp_path,
        "--scenarios",
        "3:40",
        "5:120",
        "--batch-sizes",
        "20",
        "60",
        "--rounds",
        "1",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["vendor"] == ("postgresql" if SERVER else "sqlite")
    first, second = told["scenarios"]
    assert first["scenario"] == {"assets": 3, "dependencies": 40}
    assert [one["batch_size"] for one in second["trials"]] == [20, 60, BOUNDS["batch"].usual]
    for trial in (*first["trials"], *second["trials"]):
        assert trial["targets"] in {40, 120}
        assert trial["statements"] > 5
        assert 0 < trial["database_share"] < 1
    assert told["recommendations"]
    assert told["batch_size"] in {20, 60, BOUNDS["batch"].usual}
    assert list_databases() <= before
    assert not (tmp_path / "continuity.sqlite3").exists(), "the configured database is not touched"


def test_people_get_a_table_per_scenario() -> None:
    head, _, first, columns, *trials = list_findings(make_findings({100: 1234.4, 500: 2000}))
    assert head == "postgresql, 2 cores"
    assert first == "10 assets, 1,000 dependencies: first plan 0.200 s, which reads the graph"
    assert columns.split()[:5] == ["batch", "plan", "s", "apply", "s"]
    assert columns.endswith("idle cores")
    assert trials[0].split() == ["100", "0.100", "0.810", "1,234", "18", "40%", "0.1"]


@pytest.mark.skipif(not SERVER, reason="a server has roles")
def test_a_role_that_may_not_make_databases_is_told_so(tmp_path: Path) -> None:
    with psycopg.connect(SERVER, autocommit=True) as admin:
        admin.execute("CREATE ROLE bench_poor LOGIN PASSWORD 'poor'")
        try:
            host = SERVER.rpartition("@")[2]
            done = run_benchmark(tmp_path, DATABASE_URL=f"postgres://bench_poor:poor@{host}")
        finally:
            admin.execute("DROP ROLE bench_poor")
    assert done.returncode == Exit.REFUSED
    assert "refused CREATE DATABASE: permission denied" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    done = run_benchmark(tmp_path, DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert done.returncode == Exit.UNAVAILABLE
    assert "The database does not answer" in done.stderr


@pytest.mark.parametrize("scenario", ["12", "0:5", "5:0", "a:b", "1:2:3"])
def test_what_is_no_scenario_is_refused(scenario: str) -> None:
    assert call("benchmark", "--scenarios", scenario).code == USAGE


def test_the_scenarios_are_those_of_the_story() -> None:
    assert [(one.assets, one.dependencies) for one in STORY] == [
        (100, 1_000),
        (500, 5_000),
        (1_000, 10_000),
    ]
    assert BATCH_SIZES == (100, 250, 500, 1_000, 2_000)


def make_trial(batch_size: int, rate: float, **more: Any) -> Trial:  # noqa: ANN401
    known: dict[str, Any] = {
        "planning_s": 0.1,
        "statements": 18,
        "database_share": 0.4,
        "idle_cores": 0.1,
    }
    return Trial(batch_size=batch_size, targets=1000, applying_s=1000 / rate, **(known | more))


def make_findings(rates: dict[int, float], **more: Any) -> Findings:  # noqa: ANN401
    trials = {name: more.pop(name) for name in ("idle_cores",) if name in more}
    scenario = ScenarioFindings(
        scenario=Scenario(assets=10, dependencies=1000),
        first_planning_s=0.2,
        trials=[make_trial(size, rate, **trials) for size, rate in rates.items()],
    )
    known: dict[str, Any] = {
        "vendor": "postgresql",
        "cores": 2,
        "configured": 500,
        "scenarios": [scenario],
    }
    return Findings(**(known | more))


def test_findings_survive_the_way_between_processes() -> None:
    found = make_findings({100: 10.0}, rates_by_sync=(1.0, 2.0), dead_rows=(1, 2))
    assert read_findings(json.loads(json.dumps(asdict(found)))) == found


def test_the_smallest_size_within_five_percent_of_the_best_is_chosen() -> None:
    found = make_findings({100: 1000, 250: 1910, 500: 1500, 1000: 2000})
    assert choose_batch_size(found) == 250
    assert advise(found)[0].startswith(
        "Set batches to 250 (CONTINUITY_BATCH_SIZES): 1,910 targets/s, 27% more"
    )


def test_a_configured_size_within_five_percent_is_kept() -> None:
    found = make_findings({250: 1990, 500: 1950, 1000: 2000})
    assert advise(found)[0].startswith("Keep batches of 500")


def test_idle_cores_ask_for_workers_on_postgresql() -> None:
    told = advise(make_findings({500: 1000}, idle_cores=1.1))
    assert any(one.startswith("Run 2 workers of the lane `batch`") for one in told)


def test_idle_cores_ask_for_postgresql_on_sqlite() -> None:
    told = advise(make_findings({500: 1000}, idle_cores=1.1, vendor="sqlite"))
    assert any(one.startswith("PostgreSQL would help: 1.1 of 2 cores") for one in told)


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_busy_cores_ask_for_nothing(vendor: str) -> None:
    told = advise(make_findings({500: 1000}, idle_cores=0.2, vendor=vendor))
    assert any(one.startswith("No more workers: 0.2 of 2 cores") for one in told)


def test_where_idle_time_is_not_told_nothing_is_said_of_workers() -> None:
    assert len(advise(make_findings({500: 1000}, idle_cores=None))) == 1


@pytest.mark.parametrize(
    ("rates", "start"),
    [
        ((1000.0, 1020.0), "Leave synchronous_commit on"),
        ((1000.0, 1300.0), "synchronous_commit=off"),
    ],
)
def test_synchronous_commit_is_judged_by_what_it_gains(
    rates: tuple[float, float], start: str
) -> None:
    told = advise(make_findings({500: 1000}, rates_by_sync=rates))
    assert any(one.startswith(start) for one in told)


def test_autovacuum_that_is_off_is_told_with_what_it_leaves() -> None:
    told = advise(
        make_findings({500: 1000}, settings={"autovacuum": "off"}, dead_rows=(5_000, 10_000))
    )
    assert any("Turn autovacuum on: 5,000 dead rows beside 10,000" in one for one in told)


@pytest.mark.parametrize(("dead", "is_told"), [(100, False), (9_000, True)])
def test_many_dead_rows_are_told_though_autovacuum_is_on(dead: int, is_told: bool) -> None:  # noqa: FBT001
    told = advise(
        make_findings({500: 1000}, settings={"autovacuum": "on"}, dead_rows=(dead, 10_000))
    )
    assert any("autovacuum come sooner" in one for one in told) == is_told


def test_a_cost_that_grows_with_the_scenario_is_told() -> None:
    small = make_findings({500: 2000}).scenarios[0]
    large = replace(
        make_findings({500: 1000}).scenarios[0],
        scenario=Scenario(assets=10, dependencies=10_000),
    )
    told = advise(replace(make_findings({500: 1000}), scenarios=[small, large]))
    assert any(one.startswith("A target of 10,000 costs") for one in told)
