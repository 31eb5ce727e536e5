"""Prefer: wait with workers: the answer comes when the run is over."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.db import connection

from tests.builders import load, star
from tests.client import APIClient
from tests.processes import Workers
from tests.propagation.api.asking import make_token, post
from tests.server import run_server
from versions.models import Version

CHANGE = {"change_data": {"description": "Updated"}}


@pytest.mark.workers
def test_a_preferred_wait_ends_with_the_run(workers: Workers, api: APIClient) -> None:
    load(star(5))
    answer = post(api, "assets/hero/propagate", CHANGE, HTTP_PREFER="wait=30")
    assert (answer.status_code, answer.json()["status"]) == (202, "success")
    assert answer["Preference-Applied"] == "wait"
    assert not answer.has_header("Retry-After")
    assert Version.objects.filter(number=2, entity__kind="shot").count() == 5


@pytest.mark.workers
def test_a_batch_waits_for_the_runs_of_all_its_projects(workers: Workers, api: APIClient) -> None:
    del workers
    for code in ("film", "other"):
        load(star(5), code=code)
    changes = [
        {"asset_id": f"{code}:hero", "changes": {"description": "Updated"}}
        for code in ("film", "other")
    ]
    answer = post(api, "propagation/batch", {"asset_changes": changes}, HTTP_PREFER="wait=30")
    assert (answer.status_code, answer.json()["status"]) == (202, "success")
    assert answer["Preference-Applied"] == "wait"
    assert Version.objects.filter(number=2, entity__kind="shot").count() == 10


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to lend")
@pytest.mark.django_db(transaction=True)
def test_many_who_wait_share_a_few_connections() -> None:
    load(star(1))
    token = make_token("director", "--project", "film", "--role", "artist")
    headers = {"Authorization": f"Bearer {token}", "Prefer": "wait=2"}
    before = list_sessions()
    with (
        run_server({"CONTINUITY_WEB_CONNECTIONS": "2"}) as server,
        httpx.Client(base_url=server.url, headers=headers, timeout=60, trust_env=False) as client,
        ThreadPoolExecutor(12) as pool,
    ):
        answers = pool.map(
            lambda number: client.post(
                "/assets/hero/propagate", json={"change_data": {"description": f"take {number}"}}
            ),
            range(12),
        )
        assert [answer.status_code for answer in answers] == [202] * 12
        assert 1 <= len(list_sessions() - before) <= 2


def list_sessions() -> set[int]:
    """Return who is connected to the database of the tests."""
    with connection.cursor() as cursor:
        cursor.execute("select pid from pg_stat_activity where datname = current_database()")
        return {pid for (pid,) in cursor.fetchall()}
