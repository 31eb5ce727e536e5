"""POST pause, resume, cancel, retry and skip."""

from typing import Any

import pytest
from django.utils import timezone

from propagation.execution.apply import apply_batch, fail_batch
from propagation.models import PropagationRun
from tests.builders import change, drive, load, star
from tests.client import APIClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(settings: Any) -> PropagationRun:  # noqa: ANN401 (pytest-django's)
    """Have a run of three batches of two, of which the first is done."""
    settings.BATCH_SIZES = dict.fromkeys(settings.LANES, 2)
    load(star(6))
    run = change("hero", colour="red").run
    assert run is not None
    apply_batch(run_id=run.pk, number=0, at=timezone.now())
    return run


def steer(api: APIClient, run: PropagationRun, how: str, status: int) -> dict[str, Any]:
    answer = api.post(f"/api/v1/runs/{run.pk}/{how}", {}, format="json")
    assert answer.status_code == status, answer.json()
    if status < 400:
        assert answer["Location"] == f"/api/v1/runs/{run.pk}"
    found: dict[str, Any] = answer.json()
    return found


def test_a_run_says_how_it_can_be_steered(api: APIClient, run: PropagationRun) -> None:
    def list_ways(answer: dict[str, Any]) -> set[str]:
        return set(answer["links"]) - {"self", "items", "undo"}

    assert list_ways(api.get(f"/api/v1/runs/{run.pk}").json()) == {"pause", "cancel", "skip"}
    paused = steer(api, run, "pause", 202)
    assert (paused["status"], list_ways(paused)) == ("paused", {"resume", "cancel", "skip"})
    assert steer(api, run, "resume", 202)["status"] == "running"
    cancelled = steer(api, run, "cancel", 200)
    assert (cancelled["status"], list_ways(cancelled)) == ("cancelled", {"retry"})
    assert cancelled["counts"] == {
        "applied": 2,
        "unchanged": 0,
        "failed": 0,
        "skipped": 4,
        "held": 0,
    }
    assert cancelled["progress"] == 100.0
    again = steer(api, run, "retry", 202)
    assert (again["attempts"], again["processed"], again["total"]) == (2, 2, 6)
    drive(run)
    assert list_ways(api.get(f"/api/v1/runs/{run.pk}").json()) == set()


def test_what_a_run_cannot_do_now_is_a_conflict(api: APIClient, run: PropagationRun) -> None:
    assert steer(api, run, "retry", 409)["code"] == "invalid-run-state"
    drive(run)
    for how in ("pause", "resume", "cancel", "retry"):
        problem = steer(api, run, how, 409)
        assert problem["code"] == "invalid-run-state"
        assert f"Run {run.pk}" in problem["detail"]


def test_what_failed_is_retried(api: APIClient, run: PropagationRun) -> None:
    fail_batch(run_id=run.pk, number=1, error="no disk", at=timezone.now())
    drive(run)
    failed = api.get(f"/api/v1/runs/{run.pk}").json()
    assert (failed["status"], failed["counts"]["failed"]) == ("partial", 2)
    steer(api, run, "retry", 202)
    drive(run)
    found = api.get(f"/api/v1/runs/{run.pk}").json()
    assert (found["status"], found["counts"]["applied"]) == ("success", 6)


def test_targets_are_skipped_by_their_ids(api: APIClient, run: PropagationRun) -> None:
    body = {"ids": ["shot-00000", "shot-00004"]}
    answer = api.post(f"/api/v1/runs/{run.pk}/skip", body, format="json")
    assert (answer.status_code, answer.json()) == (200, {"skipped": 1, "too_late": 1})
    items = api.get(f"/api/v1/runs/{run.pk}/items?state=skipped").json()["data"]
    assert [item["id"] for item in items] == ["shot-00004"]
    unknown = api.post(f"/api/v1/runs/{run.pk}/skip", {"ids": ["nobody"]}, format="json")
    assert unknown.status_code == 404
    assert api.post(f"/api/v1/runs/{run.pk}/skip", {"ids": []}, format="json").status_code == 422


def test_a_superseded_run_names_the_one_that_took_over(api: APIClient, run: PropagationRun) -> None:
    newer = change("hero", colour="blue").run
    assert newer is not None
    drive(run)
    found = api.get(f"/api/v1/runs/{run.pk}").json()
    assert (found["status"], found["superseded_by"]) == ("cancelled", newer.pk)
    assert steer(api, run, "retry", 409)["detail"].startswith(f"Run {newer.pk} took over")
