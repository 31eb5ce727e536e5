"""The web process, and Redis, may die: clients come back and have every event once, in order."""

import os
import signal

from django.contrib.auth.models import User
from django.utils import timezone

from propagation.live.events import News, record_events
from tests.builders import get_entity
from tests.propagation.sockets.calling import call
from tests.server import run_server


def record(count: int) -> int:
    """Write so many events; return the number of the last."""
    news = [News(type="note")] * count
    project_id = get_entity("hero").project_id
    return record_events(project_id=project_id, news=news, at=timezone.now())


def test_a_server_that_stops_says_bye(ben: User) -> None:
    with run_server() as server, call(server, user=ben) as caller:
        caller.subscribe("project:film")
        last = record(3)
        caller.wait_for_seq(last)
        os.kill(server.pid, signal.SIGTERM)
        assert 0 < caller.wait_for("bye")["retry_s"] <= 2
        assert caller.wait_for_end() == 1012


def test_who_was_cut_off_by_a_kill_has_every_event_once(ben: User) -> None:
    seqs: list[int] = []
    with run_server() as server, call(server, user=ben) as caller:
        caller.subscribe("project:film", since=0)
        last = record(50)
        caller.wait_for_seq(last - 20)
        os.kill(server.pid, signal.SIGKILL)
        caller.wait_for_end()
        seqs += [one["seq"] for one in caller.events]
    last = record(50)
    with run_server() as server, call(server, user=ben) as again:
        again.subscribe("project:film", since=seqs[-1])
        last = record(10)
        again.wait_for_seq(last)
        seqs += [one["seq"] for one in again.events]
    assert seqs == list(range(1, last + 1))


def test_events_are_heard_while_redis_is_away(ben: User) -> None:
    nowhere = {"REDIS_URL": "redis://127.0.0.1:1/0"}
    with run_server(nowhere) as server, call(server, user=ben) as caller:
        caller.subscribe("project:film")
        caller.wait_for_seq(record(3))
