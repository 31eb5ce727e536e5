"""The three tests of STORY-089, on real workers through a real broker."""

import time

import pytest
from django.contrib.auth.models import User

from assets.models import AssetReference
from propagation.models import PropagationItem, PropagationRun
from tests.builders import get_entity, load, star
from tests.client import APIClient
from tests.processes import Workers
from versions.models import Version
from versions.services.following import find_outdated

pytestmark = pytest.mark.workers
WAIT = {"Prefer": "wait=30"}


def propagate(api: APIClient, code: str, **fields: object) -> PropagationRun:
    """Change the entity through the API and wait for the end of the run."""
    body = {"change_data": fields}
    response = api.post(f"/api/v1/assets/{code}/propagate", body, format="json", headers=WAIT)
    assert response.status_code == 202, response.data
    assert response.data["status"] == "success", response.data
    assert response["Preference-Applied"] == "wait"
    return PropagationRun.objects.get(pk=response.data["run_id"])


def test_a_change_reaches_all_ten_shots(workers: Workers, api: APIClient) -> None:
    """STORY-089 test_basic_propagation."""
    load(star(10))
    run = propagate(api, "hero", description="Updated description")
    assert run.total == 10
    assert not find_outdated(AssetReference.objects.all()).exists()


def test_a_rollback_reaches_all_five_shots(workers: Workers, api: APIClient) -> None:
    """STORY-089 test_rollback_functionality."""
    load(star(5, kind="prop"))
    propagate(api, "hero", description="Changed")
    body = {"version_number": 1, "reason": "Reverted to original design"}
    answer = api.post("/api/v1/assets/hero/rollback", body, format="json", headers=WAIT)
    assert answer.status_code == 202
    assert answer.data["success"] is True
    assert answer.data["affected_entities"] == 5
    assert answer.data["new_current_version"] == "hero_v1"
    assert answer.data["version"] == "hero_v3"
    contents = Version.objects.filter(entity=get_entity("hero")).order_by("number")
    assert contents[0].content_id == contents[2].content_id
    assert not find_outdated(AssetReference.objects.all()).exists()


def test_a_thousand_dependents_each_exactly_once(workers: Workers, api: APIClient) -> None:
    """STORY-089 test_performance_under_load: its limit is 60 s; each has one new version."""
    load(star(1000))
    started = time.monotonic()
    run = propagate(api, "hero", description="Performance test")
    assert time.monotonic() - started < 20
    assert run.total == 1000
    shots = Version.objects.filter(entity__kind="shot")
    assert shots.count() == 2000
    assert shots.filter(number=2, run_id=run.pk).count() == 1000
    assert PropagationItem.objects.filter(run=run, state="applied").count() == 1000
    assert set(run.batches.values_list("lane", flat=True)) == {"batch"}


def test_a_change_goes_through_the_lane_that_its_mode_names(
    workers: Workers, api: APIClient, director: User
) -> None:
    load(star(30))
    for mode in ("realtime", "batch", "background"):
        body = {"change_data": {"description": mode}, "propagation_mode": mode}
        answer = api.post("/api/v1/assets/hero/propagate", body, format="json", headers=WAIT)
        run = PropagationRun.objects.get(pk=answer.data["run_id"])
        assert set(run.batches.values_list("lane", flat=True)) == {mode}
        assert (run.status, run.actor) == ("success", director)
