"""The log of a project: every event once, in order, as soon as it is there."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import httpx
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.models import Project
from propagation.models import Event, EventCounter
from propagation.services.read_events import forget_events
from tests.builders import change, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import list_pointers, make_token, read_problem
from tests.server import Server, run_server

EVENTS = "/api/v1/events"


def read_all(api: APIClient, *, limit: int) -> list[int]:
    """Return the numbers of all events, read page by page."""
    seqs: list[int] = []
    since = 0
    while True:
        page = api.get(f"{EVENTS}?project=film&since={since}&limit={limit}").json()
        seqs += [event["seq"] for event in page["data"]]
        since = page["seq"]
        if page["is_last"]:
            return seqs


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
def test_every_event_is_read_once_and_in_order(api: APIClient, limit: int) -> None:
    load(star(2))
    for colour in ("red", "blue", "green"):
        change("hero", colour=colour)
    newest = EventCounter.objects.get().seq
    assert newest > 5
    assert read_all(api, limit=limit) == list(range(1, newest + 1))
    assert api.get(f"{EVENTS}?project=film").json() == {"data": [], "seq": newest, "is_last": True}


@pytest.mark.django_db
def test_an_event_says_what_it_is_about(api: APIClient) -> None:
    load(star(1))
    since = EventCounter.objects.get().seq
    run = change("hero", colour="red").run
    assert run is not None
    events = api.get(f"{EVENTS}?project=film&since={since}").json()["data"]
    told = {event["type"]: event for event in events}
    assert told["version_created"]["asset_id"] == "hero"
    for event in events:
        assert (event["v"], event["topic"]) == (1, "project:film")
        assert event["timestamp"] >= run.created_at.isoformat()[:19]
    assert run.pk in {event["run_id"] for event in events}


@pytest.mark.django_db
def test_a_page_takes_as_many_statements_for_20_events_as_for_one(
    api: APIClient,
) -> None:
    load(star(1))
    for turn in range(20):
        change("hero", colour=f"{turn}")
    newest = EventCounter.objects.get().seq
    api.get(f"{EVENTS}?project=film&since=0")
    counts = []
    for since in (newest - 20, newest - 1):
        with CaptureQueriesContext(connection) as queries:
            assert len(api.get(f"{EVENTS}?project=film&since={since}").json()["data"]) > 0
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_what_is_not_kept_any_more_is_gone(api: APIClient) -> None:
    load(star(1))
    change("hero", colour="red")
    edge = EventCounter.objects.get().seq
    Event.objects.update(created_at=timezone.now() - timedelta(days=31))
    change("hero", colour="blue")
    newest = EventCounter.objects.get().seq
    assert forget_events(at=timezone.now()) == edge
    assert forget_events(at=timezone.now()) == 0
    for since in (0, edge - 1, newest + 1):
        gone = api.get(f"{EVENTS}?project=film&since={since}")
        problem = read_problem(gone, 410, "events-trimmed")
        assert (problem["oldest"], problem["newest"]) == (edge + 1, newest)
    rest = api.get(f"{EVENTS}?project=film&since={edge}").json()
    assert [event["seq"] for event in rest["data"]] == list(range(edge + 1, newest + 1))
    change("hero", colour="green")
    assert EventCounter.objects.get().seq > newest


@pytest.mark.django_db
def test_after_all_were_forgotten_the_numbers_go_on(api: APIClient) -> None:
    load(star(1))
    newest = EventCounter.objects.get().seq
    assert forget_events(at=timezone.now() + timedelta(days=31)) == newest
    assert api.get(f"{EVENTS}?project=film&since={newest}").json()["data"] == []
    read_problem(api.get(f"{EVENTS}?project=film&since={newest - 1}"), 410, "events-trimmed")


@pytest.mark.django_db
def test_who_may_not_see_the_project_hears_nothing_of_it() -> None:
    load(star(1))
    stranger = APIClient()
    stranger.force_authenticate(make_user("stranger"))
    read_problem(stranger.get(f"{EVENTS}?project=film&since=0"), 404, "not-found")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("since=0", "/project"),
        ("project=film&since=-1", "/since"),
        ("project=film&since=many", "/since"),
        ("project=film&wait=31", "/wait"),
        ("project=film&limit=1001", "/limit"),
    ],
)
def test_what_is_no_question_is_refused(api: APIClient, query: str, pointer: str) -> None:
    load(star(1))
    assert list_pointers(api.get(f"{EVENTS}?{query}").json()) == [pointer]


def follow(server: Server, token: str, since: int, until: int) -> tuple[list[int], list[float]]:
    """Wait for events until this number; return what came, and when."""
    seqs: list[int] = []
    times: list[float] = []
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60, trust_env=False) as client:
        while since < until:
            answer = client.get("/events", params={"project": "film", "since": since, "wait": 20})
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert page["data"], "nobody woke whoever waited"
            seqs += [event["seq"] for event in page["data"]]
            times.append(time.monotonic())
            since = page["seq"]
    return seqs, times


def write(names: Sequence[str], ready: Barrier) -> None:
    """Change assets, one after the other."""
    try:
        ready.wait()
        for turn in range(5):
            for name in names:
                change(name, colour=f"{turn}")
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_sees_all_that_many_write_once_and_in_order() -> None:
    load({"assets": [{"id": f"prop-{number}", "type": "prop"} for number in range(8)]})
    token = make_token("ana", "--project", "film", "--role", "viewer")
    project = Project.objects.get()
    before = EventCounter.objects.get(project=project).seq
    per_change = _count_events_of_a_change()
    began = EventCounter.objects.get(project=project).seq
    assert began == before + per_change
    until = began + per_change * 5 * 8
    ready = Barrier(4)
    with run_server() as server, ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(follow, server, token, began, until) for _ in range(3)]
        names = [f"prop-{number}" for number in range(8)]
        writers = [pool.submit(write, names[part::4], ready) for part in range(4)]
        for writer in writers:
            writer.result()
        for reader in readers:
            seqs, _ = reader.result()
            assert seqs == list(range(began + 1, until + 1))


def _count_events_of_a_change() -> int:
    before = EventCounter.objects.get().seq
    change("prop-0", colour="first")
    return EventCounter.objects.get().seq - before


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_is_answered_soon_after_the_commit() -> None:
    load(star(1))
    token = make_token("ana", "--project", "film", "--role", "viewer")
    began = EventCounter.objects.get().seq
    with run_server() as server, ThreadPoolExecutor(1) as pool:
        assert follow(server, token, 0, began)  # the server is up, and has read the log once
        waiting = pool.submit(follow, server, token, began, began + 1)
        change("hero", colour="red")
        committed = time.monotonic()
        _, times = waiting.result()
        assert times[0] - committed < 2.0
