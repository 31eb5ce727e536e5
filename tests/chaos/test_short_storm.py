"""A short storm in every run of the tests: kills, lost memory and duplicates, all at once."""

import shutil
from pathlib import Path

import pytest
from django.db import connection

from tests.chaos.databases import SQLITE_FILE, make_database
from tests.chaos.faults import duplicate_messages, empty_redis, kill_child, kill_worker
from tests.chaos.stack import run_stack
from tests.chaos.storm import Weather, brave, check

SHORT = Weather(
    seed=20261121,
    shots=800,
    sources=2,
    seconds=5,
    change_every_s=0.5,
    faults={kill_worker: 1.7, kill_child: 2, empty_redis: 2.7, duplicate_messages: 0.7},
)


@pytest.mark.workers
def test_in_a_short_storm_nothing_is_lost_and_nothing_done_twice(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if connection.vendor == "sqlite":
        shutil.copyfile(request.getfixturevalue("migrated"), tmp_path / SQLITE_FILE)
    with (
        make_database(tmp_path) as url,
        run_stack(home=tmp_path, database_url=url, workers=2) as stack,
    ):
        found = brave(stack, SHORT)
        assert sum(stack.deaths.values()) >= 3, "no storm"
    check(found)
