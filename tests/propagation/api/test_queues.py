"""How the queues stand, as staff ask for it."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from config.celery import app
from config.environment import locate_redis
from propagation.execution.messages import START_TASK
from propagation.models import Event, EventCounter, PropagationItem, PropagationRun
from propagation.notices.making import make_notices
from propagation.services.queues import NEWEST_RUNS, read_work
from propagation.services.steer_run import pause_run
from tests.builders import change, drive, load, star
from tests.client import APIClient
from tests.processes import Workers
from tests.propagation.api.asking import count_statements, read_problem

pytestmark = pytest.mark.django_db
IDLE = {"queued": 0, "running": 0, "oldest_s": None, "rate": 0.0}


def start_run(code: str = "film") -> PropagationRun:
    run = change("hero", code, colour="blue").run
    assert run
    return run


def test_only_staff_may_know(as_supervisor: APIClient) -> None:
    read_problem(APIClient().get("/api/v1/queues"), 401, "unauthenticated")
    read_problem(as_supervisor.get("/api/v1/queues"), 403, "forbidden")


def test_a_parameter_that_is_none_is_refused(api: APIClient) -> None:
    read_problem(api.get("/api/v1/queues?lane=batch"), 400, "unknown-parameter")


def test_nothing_waits_where_nothing_happens(api: APIClient) -> None:
    answer = api.get("/api/v1/queues").json()
    assert answer["is_reachable"] is True
    for lane in ("realtime", "batch", "background"):
        assert {name: answer["lanes"][lane][name] for name in IDLE} == IDLE
    nobody = {"behind": 0, "oldest_s": None}
    assert (answer["readers"], answer["failed"]) == ({"notices": nobody, "webhooks": nobody}, 0)


def test_what_waits_is_counted_in_its_lane_with_its_age(film: None) -> None:
    run = start_run()
    lanes = read_work(at=run.created_at + timedelta(seconds=5)).lanes
    assert (lanes["background"].queued, lanes["background"].oldest_s) == (3, 5.0)
    assert (lanes["realtime"].queued, lanes["realtime"].oldest_s) == (0, None)


def test_a_step_that_is_sent_again_is_as_old_as_before(film: None) -> None:
    run = start_run()
    later = run.created_at + timedelta(seconds=60)
    PropagationRun.objects.update(status="running", dispatched_at=later, resends=3)
    assert read_work(at=later).lanes["background"].oldest_s == 60.0
    PropagationRun.objects.update(resends=0)
    assert read_work(at=later).lanes["background"].oldest_s == 0.0


def test_what_somebody_works_on_does_not_wait(film: None) -> None:
    run = start_run()
    run.batches.update(delivered_at=timezone.now())
    lane = read_work(at=timezone.now()).lanes["background"]
    assert (lane.queued, lane.running, lane.oldest_s) == (0, 3, None)


def test_a_paused_run_waits_for_a_person_and_grows_no_older(film: None) -> None:
    run = start_run()
    pause_run(run_id=run.pk, actor=None, at=timezone.now())
    lane = read_work(at=timezone.now() + timedelta(hours=1)).lanes["background"]
    assert (lane.queued, lane.oldest_s) == (3, None)


def test_the_rate_is_that_of_the_last_20_seconds(film: None) -> None:
    drive(start_run())
    assert read_work(at=timezone.now()).lanes["background"].rate == 0.15
    assert read_work(at=timezone.now() + timedelta(seconds=21)).lanes["background"].rate == 0.0


def test_a_long_run_counts_however_many_began_after_it(film: None) -> None:
    run = start_run()
    run.batches.update(applied=2, unchanged=1, done_at=timezone.now())
    newer = PropagationRun.objects.get()
    newer.pk += NEWEST_RUNS + 1
    newer.save(force_insert=True)
    assert read_work(at=timezone.now()).lanes["background"].rate > 0


def test_failed_items_are_counted(film: None, api: APIClient) -> None:
    run = start_run()
    PropagationItem.objects.filter(run=run, entity__code="shot-00001").update(state="failed")
    assert api.get("/api/v1/queues").json()["failed"] == 1


def test_readers_are_as_far_behind_as_their_oldest_event(film: None) -> None:
    start_run()
    events = EventCounter.objects.get().seq
    oldest = Event.objects.earliest("seq").created_at
    readers = read_work(at=oldest + timedelta(seconds=9)).readers
    assert {(one.events, one.oldest_s) for one in readers.values()} == {(events, 9.0)}
    make_notices(at=timezone.now())
    readers = read_work(at=timezone.now()).readers
    assert (readers["notices"].events, readers["notices"].oldest_s) == (0, None)
    assert readers["webhooks"].events == events


def test_messages_in_redis_are_counted_by_lane(api: APIClient) -> None:
    app.control.purge()
    for _ in range(2):
        app.send_task(START_TASK, args=[0], queue="batch", ignore_result=True)
    try:
        lanes = api.get("/api/v1/queues").json()["lanes"]
        assert {name: lane["messages"] for name, lane in lanes.items()} == {
            "realtime": 0,
            "batch": 2,
            "background": 0,
        }
    finally:
        app.control.purge()


@pytest.mark.workers
def test_workers_are_counted_by_lane(announced_workers: Workers, api: APIClient) -> None:
    lanes = api.get("/api/v1/queues").json()["lanes"]
    counted = {name: lane["workers"] for name, lane in lanes.items()}
    assert counted == dict.fromkeys(announced_workers.by_lane, 1)


def test_without_redis_the_rows_still_tell_what_waits(
    film: None, api: APIClient, settings: Settings
) -> None:
    start_run()
    settings.REDIS = locate_redis(home=settings.HOME, url="redis://127.0.0.1:1/0")
    response = api.get("/api/v1/queues")
    answer = response.json()
    assert (response.status_code, answer["is_reachable"]) == (200, False)
    assert answer["lanes"]["background"]["queued"] == 3
    assert answer["lanes"]["background"]["messages"] is None
    assert answer["lanes"]["background"]["workers"] is None
    assert answer["processes"] == {"scheduler": None, "courier": None}
    assert answer["timestamp"].endswith("Z")


def test_it_takes_as_many_statements_for_1000_shots_as_for_10(api: APIClient) -> None:
    counts = []
    for code, shots in (("small", 10), ("large", 1000)):
        load(star(shots), code=code)
        start_run(code)
        counts.append(count_statements(api, "GET", "queues"))
    assert counts[0] == counts[1]
    with CaptureQueriesContext(connection) as captured:
        read_work(at=timezone.now())
    assert len(captured) == 7


def test_the_command_says_the_same(film: None, settings: Settings) -> None:
    start_run()
    output = StringIO()
    call_command("queues", "--json", stdout=output)
    state = json.loads(output.getvalue())
    assert (state["is_reachable"], state["lanes"]["background"]["queued"]) == (True, 3)
    settings.REDIS = locate_redis(home=settings.HOME, url="redis://127.0.0.1:1/0")
    output, warning = StringIO(), StringIO()
    call_command("queues", stdout=output, stderr=warning)
    assert "background" in output.getvalue()
    assert "Redis does not answer" in warning.getvalue()
