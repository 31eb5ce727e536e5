"""Events tell all: applied to an old answer of the API they make it what it is now."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from propagation.execution.progress import read_progress
from propagation.execution.telling import ITEMS_AT_ONCE, claim_progress, record_items
from propagation.models import Event, PropagationRun
from propagation.models.run import WORKING_STATUSES
from tests.builders import chain, change, drive, load, star
from tests.client import APIClient
from tests.propagation.api.asking import post, send

pytestmark = pytest.mark.django_db
Json = Any


def read_state(api: APIClient) -> dict[str, Json]:
    """Return what pages show: entities with their versions and locks, runs, and their items."""

    def get(path: str) -> Json:
        answer = api.get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    entities = [
        one
        for kind in ("assets", "shots", "sequences")
        for one in get(f"projects/film/{kind}?limit=1000")["data"]
    ]
    runs = {run["id"]: get(f"runs/{run['id']}") for run in get("projects/film/runs")["data"]}
    return {
        "versions": {one["id"]: get(f"assets/{one['id']}")["best"] for one in entities},
        "locks": {one["id"]: one["is_locked"] for one in entities},
        "runs": {pk: {name: run[name] for name in SHOWN} for pk, run in runs.items()},
        "items": {
            pk: {one["id"]: one["state"] for one in get(f"runs/{pk}/items?limit=1000")["data"]}
            for pk in runs
        },
    }


SHOWN = ("status", "progress", "processed", "total")


def apply(state: dict[str, Json], event: dict[str, Json]) -> None:
    """Apply an event as a page would."""
    run_id, type_ = event["run_id"], event["type"]
    if type_ in {"version_created", "best_changed"}:
        state["versions"][event["asset_id"]] = f"{event['asset_id']}_v{event['number']}"
    elif type_ == "entity_state":
        state["locks"][event["asset_id"]] = event["is_locked"]
    elif type_ == "run_state":
        state["runs"].setdefault(run_id, {"progress": 0.0, "processed": 0})
        state["runs"][run_id] |= {"status": event["status"], "total": event["total"]}
    elif type_ == "propagation_progress":
        state["runs"].setdefault(run_id, {})
        state["runs"][run_id] |= {name: event[name] for name in ("progress", "processed", "total")}
    elif type_ == "run_items":
        for item in event["items"]:
            if run_id in state["items"]:
                state["items"][run_id][item["id"]] = item["state"]
            if item["version"]:
                state["versions"][item["id"]] = item["version"]


def work(run: PropagationRun | None) -> PropagationRun:
    assert run
    return drive(run)


def drive_all() -> list[PropagationRun]:
    return [drive(run) for run in PropagationRun.objects.filter(status__in=WORKING_STATUSES)]


def ask(method: str, path: str, body: object) -> Callable[[APIClient], object]:
    def do(api: APIClient) -> object:
        answer = send(api, method, path, json.dumps(body))
        assert answer.status_code < 300, answer.content
        return drive_all()

    return do


def leave(how: str, body: object = None) -> Callable[[APIClient], object]:
    """Start a change, and do something to its run before anybody works on it."""

    def do(api: APIClient) -> object:
        run = change("hero", colour=how).run
        assert run
        answer = post(api, f"runs/{run.pk}/{how}", body or {})
        assert answer.status_code < 300, answer.content
        return drive_all()

    return do


def on_latest(how: str, body: object) -> Callable[[APIClient], object]:
    def do(api: APIClient) -> object:
        return ask("POST", f"runs/{PropagationRun.objects.latest('pk').pk}/{how}", body)(api)

    return do


STEPS: dict[str, Callable[[APIClient], object]] = {
    "change": ask("POST", "assets/hero/propagate", {"change_data": {"colour": "blue"}}),
    "edge": ask("POST", "edges", {"source": "shot-00000", "target": "shot-00001"}),
    "lock": ask("PUT", "assets/shot-00002/lock", {"is_locked": True}),
    "held": ask("POST", "assets/hero/propagate", {"change_data": {"colour": "green"}}),
    "approve": ask("POST", "projects/film/holds/approve", {"all": True}),
    "rollback": ask("POST", "assets/hero/rollback", {"version_number": 1, "reason": "as it was"}),
    "best": ask("PUT", "assets/hero/best", {"version": 2}),
    "skip": leave("skip", {"ids": ["shot-00000"]}),
    "cancel": leave("cancel"),
    "retry": on_latest("retry", {}),
    "overtake": lambda _: [change("hero", take=1), work(change("hero", take=2).run)],
    "undo": on_latest("undo", {"reason": "no"}),
}


def test_events_applied_to_an_old_answer_make_it_the_new_one(api: APIClient) -> None:
    load(star(4))
    state = read_state(api)
    seq = Event.objects.count()
    for name, do in STEPS.items():
        do(api)
        answer = api.get(f"/api/v1/events?project=film&since={seq}&limit=1000").json()
        seq = answer["seq"]
        for event in answer["data"]:
            apply(state, event)
        now = read_state(api)
        # What a new run begins with is read when it begins.
        for pk in now["items"].keys() - state["items"].keys():
            state["items"][pk] = now["items"][pk]
        assert state == now, name


def test_a_run_tells_of_its_items_a_hundred_at_a_time(api: APIClient) -> None:
    load(star(250))
    run = work(change("hero", colour="blue").run)
    events = Event.objects.filter(type="run_items", run_id=run.pk).order_by("seq")
    told = [item for event in events for item in event.payload["items"]]
    assert {len(event.payload["items"]) for event in events} <= {ITEMS_AT_ONCE, 50}
    assert len({item["id"] for item in told}) == len(told) == 250
    assert {item["version"].rpartition("_")[2] for item in told} == {"v2"}


def test_progress_is_told_at_most_four_times_in_a_second() -> None:
    load(chain(200))
    run = change("a0", colour="blue").run
    assert run
    started = timezone.now()
    for number in range(60):
        items = [(f"a{number}", "applied", 2)]
        is_due = claim_progress(run)
        record_items(run=run, items=items, at=timezone.now(), is_due=is_due)
    seconds = (timezone.now() - started).total_seconds()
    told = Event.objects.filter(type="propagation_progress", run_id=run.pk).count()
    assert 1 <= told <= 1 + seconds / 0.34


def test_an_estimate_takes_twenty_items(api: APIClient) -> None:
    load(star(30))
    run = change("hero", colour="blue").run
    assert run
    assert read_progress(run).eta is None
    assert api.get(f"/api/v1/runs/{run.pk}").json()["eta"] is None
