"""The storms: make test ARGS="-m chaos". Ten thousand targets, four workers, a minute each."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import psycopg
import pytest
from django.db import connection

from tests.chaos.cluster import run_cluster
from tests.chaos.databases import make_database
from tests.chaos.faults import (
    Fault,
    duplicate_messages,
    empty_redis,
    freeze_child,
    kill_child,
    kill_redis,
    kill_scheduler,
    kill_worker,
)
from tests.chaos.stack import CELERY_WORKER, Stack, list_children, run_stack
from tests.chaos.storm import Weather, brave, check

pytestmark = [pytest.mark.chaos, pytest.mark.workers]
KILLS: dict[Fault, float] = {kill_worker: 2, kill_child: 3, kill_scheduler: 5}
LOSSES: dict[Fault, float] = {
    kill_worker: 3,
    empty_redis: 7,
    kill_redis: 11,
    duplicate_messages: 1,
}
WEATHER = Weather(seed=1, shots=10_000, sources=4, seconds=30, change_every_s=1.5, faults=KILLS)
ON_POSTGRESQL = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="its locks have no end: SQLite knows no time-out for them"
)


@contextmanager
def a_stack(folder: Path, worker: tuple[str, ...] = CELERY_WORKER) -> Iterator[Stack]:
    """Run a stack of four workers on a database of its own."""
    with (
        make_database(folder) as url,
        run_stack(home=folder, database_url=url, workers=4, worker=worker) as stack,
    ):
        yield stack


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("faults", [KILLS, LOSSES], ids=["A-kills", "B-losses"])
def test_in_a_storm_nothing_is_lost_and_nothing_done_twice(
    tmp_path: Path, faults: dict[Fault, float], seed: int
) -> None:
    with a_stack(tmp_path) as stack:
        check(brave(stack, replace(WEATHER, seed=seed, faults=faults)))
        assert sum(stack.deaths.values()) >= 8, "no storm"


def test_c_all_at_once_while_postgresql_crashes(tmp_path: Path) -> None:
    """Every fault there is, and a database that loses all its sessions every nine seconds."""
    with (
        tempfile.TemporaryDirectory() as folder,
        run_cluster(Path(folder)) as cluster,
        run_stack(home=tmp_path, database_url=cluster.url, workers=4) as stack,
    ):
        faults = {**KILLS, **LOSSES, freeze_child: 6, cluster.crash: 9}
        check(brave(stack, replace(WEATHER, faults=faults)))


def test_a_mark_in_a_second_transaction_is_found_out(tmp_path: Path) -> None:
    """The test of the test: with workers that keep effect and mark apart, it has to fail."""
    worker = ("-m", "tests.chaos.ablated")
    with a_stack(tmp_path, worker) as stack:
        weather = replace(WEATHER, shots=2000, seconds=15, faults={kill_child: 0.7})
        found = brave(stack, weather)
    with pytest.raises(AssertionError):
        check(found)
    assert found["versions"] > found["items"]["applied"]


@ON_POSTGRESQL
def test_a_worker_that_is_frozen_for_good_is_cut_off_by_its_database(tmp_path: Path) -> None:
    def freeze(stack: Stack, random: Random) -> None:
        del random
        with psycopg.connect(stack.environment["DATABASE_URL"]) as watcher:
            held = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%FOR NO KEY UPDATE%'"
            while not watcher.execute(held).fetchall():
                watcher.rollback()
        for pid in list_children(stack.running["worker-0"].pid):
            os.kill(pid, signal.SIGSTOP)

    with a_stack(tmp_path) as stack:
        check(brave(stack, replace(WEATHER, seconds=6, faults={freeze: 2.5})))


def test_workers_that_are_told_to_stop_leave_nothing_to_deliver_again(tmp_path: Path) -> None:
    """A rolling deploy: each worker ends what it has in hand, and its successor takes over."""

    def replace_worker(stack: Stack, random: Random) -> None:
        stack.running[random.choice(stack.list_names("worker"))].terminate()

    with a_stack(tmp_path) as stack:
        found = brave(stack, replace(WEATHER, seconds=12, faults={replace_worker: 2}))
        assert sum(stack.deaths.values()) >= 3, "no deploy"
    check(found)
    assert found["deliveries"] == [1]
