"""GET projects, entities, versions and runs: what exists, what it was, and how far it is."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils.dateparse import parse_datetime

from assets.models import Project
from propagation.models import EventCounter, PropagationRun
from tests.builders import change, drive, load, star
from tests.client import APIClient
from tests.propagation.api.asking import post, read_problem, send
from versions.models import Version

pytestmark = pytest.mark.django_db
TIMES = ("created_at", "finished_at")


def get(api: APIClient, path: str) -> dict[str, Any]:
    """Return the body of the answer; times are checked to be aware, and left out."""
    answer = api.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    for name in TIMES:
        if text := body.pop(name, None):
            parsed = parse_datetime(str(text))
            assert parsed
            assert parsed.tzinfo
    return body


def start_run() -> PropagationRun:
    """Change the hero and return the run."""
    run = change("hero", colour="blue").run
    assert run
    return run


def test_a_project_shows_its_graph_revision(film: None, api: APIClient) -> None:
    project = Project.objects.get()
    assert get(api, "projects/film") == {
        "id": "film",
        "name": project.name,
        "details": {},
        "settings": {"strictness": "field", "strict_writes": False, "leases_lock": False},
        "graph_revision": project.graph_revision,
    }


def test_an_entity_shows_the_content_of_its_best_version(film: None, api: APIClient) -> None:
    assert get(api, "assets/hero") == {
        "id": "hero",
        "kind": "asset",
        "type": "character",
        "name": "Hero",
        "priority": "normal",
        "is_locked": False,
        "project_id": "film",
        "best": "hero_v1",
        "latest": "hero_v1",
        "latest_approved": None,
        "content": {"name": "Hero", "description": "as cast"},
    }


def test_entities_are_listed_by_kind(film: None, api: APIClient) -> None:
    listed = get(api, "projects/film/assets")["data"]
    assert listed == [
        {
            "id": "hero",
            "kind": "asset",
            "type": "character",
            "name": "Hero",
            "priority": "normal",
            "is_locked": False,
        }
    ]


def test_an_entity_says_whether_it_is_locked_and_what_is_approved(
    film: None, api: APIClient
) -> None:
    change("hero", colour="blue")
    send(api, "PATCH", "assets/hero/versions/1", '{"status": "approved"}')
    send(api, "PUT", "assets/hero/lock", '{"is_locked": true}')
    shown = get(api, "assets/hero")
    assert (shown["best"], shown["latest_approved"], shown["is_locked"]) == (
        "hero_v2",
        "hero_v1",
        True,
    )
    send(api, "PUT", "assets/hero/lock", '{"is_locked": false}')
    assert get(api, "assets/hero")["is_locked"] is False


def test_the_slots_of_an_entity_stand_where_their_heads_point(film: None, api: APIClient) -> None:
    poster = {
        "slot": "poster",
        "type": "image",
        "urls": ["https://a.example/1", "https://b.example/2"],
    }
    post(api, "assets/hero/versions", poster)
    change("hero", colour="blue")
    send(api, "PATCH", "assets/hero/versions/1", '{"status": "approved"}')
    assert get(api, "assets/hero/slots") == {
        "id": "hero",
        "slots": {
            "definition": {
                "best": "hero_v2",
                "latest": "hero_v2",
                "latest_approved": "hero_v1",
                "is_outdated": False,
                "url": None,
            },
            "poster": {
                "best": "hero/poster_v1",
                "latest": "hero/poster_v2",
                "latest_approved": None,
                "is_outdated": True,
                "url": "https://a.example/1",
            },
        },
    }


def test_a_version_says_who_made_it_and_why(film: None, api: APIClient, director: User) -> None:
    body = {"change_data": {"colour": "blue"}, "note": "Notes of 12 March"}
    post(api, "assets/hero/propagate", body)
    stored = Version.objects.get(entity__code="hero", number=2)
    described = {
        "id": "hero_v2",
        "slot": "definition",
        "number": 2,
        "origin": "authored",
        "author": director.username,
        "run_id": None,
        "note": "Notes of 12 March",
        "checksum": stored.checksum,
        "status": "draft",
        "is_hidden": False,
        "metadata": {},
        "is_best": True,
        "is_latest": True,
        "is_latest_approved": False,
        "used_by": 0,
        "merges": None,
        "reverts": None,
        "reverted_by": None,
    }
    detail = get(api, "assets/hero/versions/2")
    assert detail == {
        **described,
        "content": {"name": "Hero", "description": "as cast", "colour": "blue"},
        "uses": [],
    }
    newest = api.get("/api/v1/assets/hero/versions").json()["data"][0]
    assert {key: value for key, value in newest.items() if key not in TIMES} == described


def test_a_way_back_names_what_it_reverts_and_is_named_by_what_it_took_back(
    film: None, api: APIClient
) -> None:
    for colour in ("blue", "red"):
        change("hero", colour=colour)
    post(api, "assets/hero/rollback", {"version_number": 1, "reason": "as it was"})
    listed = api.get("/api/v1/assets/hero/versions?sort=number").json()["data"]
    back = [(one["reverts"], one["reverted_by"]) for one in listed]
    assert back == [(None, None), (None, "hero_v4"), (None, "hero_v4"), ("hero_v1", None)]


def test_an_old_version_resolves_as_it_did(film: None, api: APIClient) -> None:
    run = drive(start_run())
    versions = [get(api, f"assets/shot-00001/versions/{number}") for number in (1, 2)]
    assert [version["origin"] for version in versions] == ["imported", "propagated"]
    assert [version["run_id"] for version in versions] == [None, run.pk]
    used = [version["uses"] for version in versions]
    hero = {"id": "hero", "role": "character", "label": "", "position": 0, "attributes": {}}
    assert used == [[{**hero, "version": f"hero_v{number}"}] for number in (1, 2)]


@pytest.mark.parametrize("number", ["0", "2", str(2**31), "9" * 400])
def test_a_version_that_never_was_is_not_found(film: None, api: APIClient, number: str) -> None:
    answer = api.get(f"/api/v1/assets/hero/versions/{number}")
    read_problem(answer, 404, "version-not-found")


def test_a_run_shows_how_far_it_is(film: None, api: APIClient) -> None:
    run = start_run()
    url = f"/api/v1/runs/{run.pk}"
    before = {
        "id": run.pk,
        "kind": "change",
        "status": "accepted",
        "asset_id": "hero",
        "version": "hero_v2",
        "mode": "auto",
        "progress": 0.0,
        "processed": 0,
        "total": 3,
        "counts": {"applied": 0, "unchanged": 0, "failed": 0, "skipped": 0, "held": 0},
        "eta": None,
        "lanes": {
            "background": {
                "total": 3,
                "done": 0,
                "failed": 0,
                "skipped": 0,
                "running": 0,
                "queued": 3,
                "rate": None,
            }
        },
        "note": "",
        "attempts": 1,
        "batch_sizes": {"background": 3},
        "superseded_by": None,
        "undo_of": None,
        "links": {
            name: f"{url}/{name}".removesuffix("/self")
            for name in ("self", "items", "pause", "cancel", "skip", "undo")
        },
        "project_id": "film",
        "finished_at": None,
    }
    assert {"finished_at": None, **get(api, f"runs/{run.pk}")} == before
    assert api.get(url)["Retry-After"] == "1"
    drive(run)
    done = get(api, f"runs/{run.pk}")
    assert done["lanes"]["background"].pop("rate") > 0
    assert {"finished_at": None, **done} == before | {
        "status": "success",
        "progress": 100.0,
        "processed": 3,
        "links": {
            name: f"{url}/{name}".removesuffix("/self") for name in ("self", "items", "undo")
        },
        "counts": {"applied": 3, "unchanged": 0, "failed": 0, "skipped": 0, "held": 0},
        "lanes": {
            "background": {
                "total": 3,
                "done": 3,
                "failed": 0,
                "skipped": 0,
                "running": 0,
                "queued": 0,
            }
        },
    }
    assert not api.get(url).has_header("Retry-After")


def test_the_items_of_a_run_show_what_became_of_each(film: None, api: APIClient) -> None:
    run = start_run()
    item = {
        "id": "shot-00000",
        "type": "shot",
        "state": "queued",
        "lane": "background",
        "level": 1,
        "version": None,
        "rule": "all-else",
        "reason": "fits anything",
        "error": "",
    }
    assert api.get(f"/api/v1/runs/{run.pk}/items").json()["data"][0] == item
    drive(run)
    done = item | {"state": "applied", "version": "shot-00000_v2"}
    assert api.get(f"/api/v1/runs/{run.pk}/items").json()["data"][0] == done


def test_a_run_without_targets_is_complete(film: None, api: APIClient) -> None:
    run = change("shot-00001", mood="calm").run
    assert run
    shown = get(api, f"runs/{run.pk}")
    assert (shown["status"], shown["progress"], shown["lanes"]) == ("success", 100.0, {})


def test_runs_are_listed_newest_first(film: None, api: APIClient) -> None:
    runs = [change("hero", colour=colour).run for colour in ("blue", "red")]
    listed = api.get("/api/v1/projects/film/runs").json()["data"]
    assert [one["id"] for one in listed] == [run.pk for run in reversed(runs) if run]
    assert [one["status"] for one in listed] == ["accepted", "cancelling"]


def test_a_quiet_project_is_idle(film: None, api: APIClient) -> None:
    project = Project.objects.get()
    assert get(api, "projects/film/propagation-status") == {
        "project_id": "film",
        "state": "idle",
        "active_runs": [],
        "lanes": {},
        "out_of_date": 0,
        "pinned": 0,
        "held": 0,
        "outdated_media": 0,
        "conflicts": 0,
        "failed": 0,
        "graph_revision": project.graph_revision,
        "seq": EventCounter.objects.get(project=project).seq,
    }


def test_the_status_follows_a_run_to_its_end(film: None, api: APIClient) -> None:
    load(star(2), code="other")
    run = start_run()
    during = get(api, "projects/film/propagation-status")
    assert (during["state"], during["out_of_date"]) == ("running", 3)
    assert during["active_runs"] == [
        {"id": run.pk, "status": "accepted", "progress": 0.0, "processed": 0, "total": 3}
    ]
    assert during["lanes"] == {"background": {"queued": 3}}
    assert get(api, "projects/other/propagation-status")["state"] == "idle"
    drive(run)
    after = get(api, "projects/film/propagation-status")
    assert (after["state"], after["out_of_date"], after["lanes"]) == ("idle", 0, {})
    assert after["seq"] > during["seq"]
