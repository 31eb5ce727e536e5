"""What is heard over the WebSocket: all that one may hear, once, in order."""

import httpx
from django.contrib.auth.models import User
from django.utils import timezone

from propagation.live.events import News, record_events
from propagation.services.read_events import read_seq
from tests.builders import change, drive, get_entity, load, star
from tests.propagation.sockets.calling import Caller, call
from tests.server import Server
from versions.canonical import JsonObject

STORY = {
    "asset_update": {"asset_id", "change_type", "affected_entities", "timestamp"},
    "propagation_progress": {"asset_id", "progress", "processed", "total", "eta"},
}


def record(*types: str) -> int:
    """Write events into the log of the film; return the number of the last one."""
    return record_events(
        project_id=get_entity("hero").project_id,
        news=[News(type=one) for one in types],
        at=timezone.now(),
    )


def list_seqs(caller: Caller) -> list[int]:
    return [one["seq"] for one in caller.events]


def test_a_change_is_heard_as_it_happens(server_process: Server, ben: User) -> None:
    with call(server_process, user=ben) as caller:
        ready = caller.subscribe("project:film")
        assert ready["seq"] == read_seq(get_entity("hero").project)
        run = change("hero", colour="blue").run
        assert run
        drive(run)
        caller.wait_for("run_state", until=lambda one: one["status"] == "success")
    types = [one["type"] for one in caller.events]
    assert types == [
        "version_created",
        "asset_update",
        "run_state",
        "run_items",
        "propagation_progress",
        "propagation_progress",
        "run_state",
    ]
    assert list_seqs(caller) == list(range(ready["seq"] + 1, ready["seq"] + 8))
    for one in caller.events:
        assert one.keys() >= {"v", "seq", "topic", "run_id"} | STORY.get(one["type"], set())
    update = caller.events[1]
    assert (update["asset_id"], update["affected_entities"]) == ("hero", 3)
    assert caller.events[5]["progress"] == 100.0


def test_the_socket_and_the_long_poll_carry_the_same(
    server_process: Server, ben: User, http: httpx.Client
) -> None:
    with call(server_process, user=ben) as caller:
        caller.subscribe("project:film", since=0)
        run = change("hero", colour="blue").run
        assert run
        drive(run)
        caller.wait_for("run_state", until=lambda one: one["status"] == "success")
    polled = http.get("/events", params={"project": "film", "since": 0}).json()
    assert polled["data"] == caller.events


def test_who_comes_back_hears_what_it_missed_once_and_in_order(
    server_process: Server, ben: User
) -> None:
    with call(server_process, user=ben) as caller:
        caller.subscribe("project:film", since=0)
        last = record("a", "b", "c")
        caller.wait_for_seq(last)
    missed = record("d", "e")
    with call(server_process, user=ben) as again:
        assert last <= again.subscribe("project:film", since=last)["seq"] <= missed
        now = record("f")
        again.wait_for_seq(now)
    heard = [*list_seqs(caller), *list_seqs(again)]
    assert heard == list(range(1, now + 1))


def test_the_past_of_a_busy_log_joins_its_present(server_process: Server, ben: User) -> None:
    """More events come while the past is told."""
    for _ in range(15):
        record(*["old"] * 100)
    with call(server_process, user=ben) as caller:
        caller.say("subscribe", topics=["project:film"], since=0)
        last = 0
        for number in range(100):
            last = record(f"new-{number}")
        caller.wait_for_seq(last)
    assert list_seqs(caller) == list(range(1, last + 1))


def test_a_viewer_of_a_shot_hears_of_what_reaches_it_and_of_nothing_else(
    server_process: Server, ben: User
) -> None:
    with call(server_process, user=ben) as caller:
        caller.subscribe("shot:film:shot-00001")
        change("shot-00002", mood="calm")
        record("unrelated")
        run = change("hero", colour="blue").run
        assert run
        drive(run)
        caller.wait_for("run_state", until=lambda one: one["status"] == "success")
    assert [one["type"] for one in caller.events] == [
        "asset_update",
        "run_state",
        "run_items",
        "run_state",
    ]
    assert {one["run_id"] for one in caller.events} == {run.pk}


def test_a_run_is_a_topic(server_process: Server, ben: User) -> None:
    run = change("hero", colour="blue").run
    assert run
    with call(server_process, user=ben) as caller:
        caller.subscribe(f"run:{run.pk}")
        record("unrelated")
        drive(run)
        caller.wait_for("run_state", until=lambda one: one["status"] == "success")
    assert {one["type"] for one in caller.events} == {
        "run_items",
        "propagation_progress",
        "run_state",
    }


def test_who_watches_a_sequence_hears_of_its_shots_only(server_process: Server, ben: User) -> None:
    reel = {"sequence_id": "reel", "name": "Reel", "shots": ["shot-00000"]}
    load(star(3) | {"sequences": [reel]})
    with call(server_process, user=ben) as caller:
        caller.subscribe("sequence:reel")
        change("shot-00002", mood="calm")
        change("shot-00000", mood="grim")
        last = record("unrelated")
        change("reel", note="final")
        caller.wait_for("version_created", until=lambda one: one["asset_id"] == "reel")
    named = [one["asset_id"] for one in caller.events if one["type"] == "version_created"]
    assert named == ["shot-00000", "reel"]
    assert last not in list_seqs(caller)


def test_who_stops_reading_in_the_past_holds_up_nobody(server_process: Server, ben: User) -> None:
    """It asked for a long past of an entity, and takes in none of it."""
    payload: JsonObject = {"text": "x" * 20_000, "asset_id": "hero"}
    project_id = get_entity("hero").project_id
    news = [News(type="big", payload=payload)] * 400
    record_events(project_id=project_id, news=news, at=timezone.now())
    with (
        call(server_process, user=ben, is_slow=True) as stuck,
        call(server_process, user=ben) as caller,
    ):
        stuck.say("subscribe", topics=["asset:film:hero"], since=0)
        caller.subscribe("project:film")
        for _ in range(20):
            last = record_events(project_id=project_id, news=news[:10], at=timezone.now())
            caller.wait_for_seq(last)


def test_a_slow_client_is_told_of_a_gap_and_catches_up(server_process: Server, ben: User) -> None:
    """It is not waited for, and nothing is lost."""
    slow = call(server_process, user=ben, is_slow=True)
    with slow as caller, call(server_process, user=ben) as quick:
        caller.subscribe("project:film")
        quick.subscribe("project:film")
        payload: JsonObject = {"text": "x" * 5_000}
        project_id = get_entity("hero").project_id
        for _ in range(20):
            news = [News(type="big", payload=payload)] * 150
            last = record_events(project_id=project_id, news=news, at=timezone.now())
            quick.wait_for_seq(last)
        gap = caller.wait_for("gap")
        assert gap["topics"] == ["project:film"]
        assert list_seqs(caller)[-1] == gap["since"] < last
        assert caller.subscribe("project:film", since=gap["since"])["type"] == "ready"
    assert list_seqs(caller) == list(range(list_seqs(caller)[0], last + 1))
