"""Prefer: wait with workers: the answer comes when the run is over."""

import pytest
from rest_framework.test import APIClient

from tests.builders import load, star
from tests.processes import Workers
from tests.propagation.api.asking import post
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
