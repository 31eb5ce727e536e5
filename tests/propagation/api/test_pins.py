"""Pins: a reference stays at one version, with an owner, a reason and maybe an end."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from assets.models import AssetReference, Project, Role
from propagation.models import PropagationRun
from propagation.recovery.consistency import check_project
from propagation.services.pin_references import expire_pins
from tests.builders import change, drive, get_entity, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    nothing_written,
    post,
    read_problem,
    send,
)
from tests.staging import once
from versions.models import Consumption, Head, Pin

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("film")]
SHOT = "shot-00000"
PATH = f"assets/{SHOT}/pins"


@once
def film() -> None:
    """Have a hero of two versions, and two shots made from the second."""
    load(star(2))
    edit(colour="red")


def edit(**fields: Any) -> PropagationRun:  # noqa: ANN401 (any JSON value)
    run = change("hero", **fields).run
    assert run is not None
    return drive(run)


def pin(api: APIClient, **more: Any) -> Answer:  # noqa: ANN401 (any JSON value)
    body = {"source": "hero", "reason": "the reshoot is next week", **more}
    return send(api, "PUT", PATH, json.dumps(body))


def unpin(api: APIClient, source: str = "hero") -> Answer:
    return send(api, "DELETE", PATH, f'{{"source": "{source}"}}')


def get_consumed(code: str = SHOT) -> int:
    return Consumption.objects.get(reference__target__code=code).version.number


def list_states(api: APIClient) -> dict[str, str]:
    nodes = api.get("/api/v1/assets/hero/dependencies").json()["nodes"]
    return {node["id"]: node["state"] for node in nodes}


def test_a_pinned_reference_goes_to_its_version_and_never_moves(api: APIClient) -> None:
    assert pin(api, version=1).status_code == 202
    assert get_consumed() == 1
    run = edit(colour="blue")
    assert (get_consumed(), get_consumed("shot-00001")) == (1, 3)
    items = dict(run.items.values_list("entity__code", "state"))
    assert items == {SHOT: "pinned", "shot-00001": "applied"}
    reason = run.items.get(entity__code=SHOT).reason
    assert reason == "hero at v1 by director: the reshoot is next week"
    assert list_states(api) == {SHOT: "pinned", "shot-00001": "current"}
    status = api.get("/api/v1/projects/film/propagation-status").json()
    assert (status["out_of_date"], status["pinned"]) == (0, 1)
    found = check_project(project=Project.objects.get())
    assert (found.exceptions, found.excused) == ((), 0)


def test_without_a_version_it_stays_where_it_is(api: APIClient) -> None:
    pin(api)
    edit(colour="blue")
    assert get_consumed() == 2


def test_a_preview_names_what_is_pinned_and_why(api: APIClient) -> None:
    pin(api)
    body = {"change_data": {"colour": "blue"}}
    found = post(api, "assets/hero/propagate?dry_run=true&items=true", body).json()
    assert found["pinned"] == [{"rule": "pinned", "count": 1}]
    (item,) = [one for one in found["items"] if one["id"] == SHOT]
    assert item["verdict"] == "pinned"
    assert "reshoot" in item["reason"]
    assert item["path"] == ["hero", SHOT]
    assert found["phases"] == [{"type": "background", "count": 1}]


def test_to_let_go_brings_it_up_to_date(api: APIClient) -> None:
    AssetReference.objects.filter(target__code=SHOT).update(follow="latest")
    pin(api, version=1)
    edit(colour="blue")
    assert unpin(api).status_code == 202
    assert get_consumed() == 3
    assert AssetReference.objects.get(target__code=SHOT).follow == "latest"
    assert list_states(api) == {SHOT: "current", "shot-00001": "current"}
    with nothing_written():
        assert unpin(api).status_code == 200


def test_pins_are_listed_with_owner_reason_and_end(api: APIClient) -> None:
    until = timezone.now() + timedelta(days=1)
    pin(api, version=1, expires_at=until.isoformat())
    (found,) = api.get(f"/api/v1/{PATH}").json()["data"]
    assert found.pop("pinned_at") <= timezone.now().isoformat()
    assert found.pop("expires_at")[:19] == until.isoformat()[:19]
    assert found == {
        "source": "hero",
        "role": "character",
        "label": "",
        "version": "hero_v1",
        "owner": "director",
        "reason": "the reshoot is next week",
        "follows_again": "best",
    }


def test_new_terms_make_no_version(api: APIClient) -> None:
    pin(api, version=1)
    number = Head.objects.get(entity__code=SHOT).best.number
    assert pin(api, version=1, reason="and the week after").status_code == 200
    assert Head.objects.get(entity__code=SHOT).best.number == number
    assert Pin.objects.get().reason == "and the week after"


def test_what_is_over_lets_go_by_itself(api: APIClient) -> None:
    until = timezone.now() + timedelta(hours=1)
    pin(api, version=1, expires_at=until.isoformat())
    assert expire_pins(at=until - timedelta(seconds=1)) == 0
    get_entity(SHOT)
    Project.objects.get().entities.filter(code=SHOT).update(is_locked=True)
    assert expire_pins(at=until) == 0
    Project.objects.get().entities.filter(code=SHOT).update(is_locked=False)
    assert expire_pins(at=until) == 1
    assert (get_consumed(), Pin.objects.count()) == (2, 0)


def test_to_freeze_an_edge_is_to_pin_it(api: APIClient) -> None:
    edge = {"source": "hero", "target": SHOT, "role": "character", "follow": "frozen"}
    post(api, "edges", {**edge, "note": "approved look"})
    found = Pin.objects.get()
    assert (found.version.number, found.reason) == (2, "approved look")
    assert found.owner is not None
    post(api, "edges", {**edge, "follow": "best"})
    assert not Pin.objects.exists()


def test_somebody_elses_pin_is_for_supervisors(api: APIClient) -> None:
    pin(api)
    artist = APIClient()
    artist.force_authenticate(make_user("ann", roles={"film": Role.ARTIST}))
    read_problem(unpin(artist), 403, "forbidden")
    read_problem(pin(artist), 403, "forbidden")
    edge = {"source": "hero", "target": SHOT, "role": "character", "follow": "best"}
    read_problem(post(artist, "edges", edge), 403, "forbidden")
    read_problem(send(artist, "DELETE", "edges", json.dumps(edge)), 403, "forbidden")
    assert send(artist, "PUT", "assets/shot-00001/pins", '{"source":"hero","reason":"x"}')
    own = send(artist, "DELETE", "assets/shot-00001/pins", '{"source":"hero"}')
    assert own.status_code == 202


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"version": 9}, 404, "version-not-found"),
        ({"version": 0}, 422, "validation-error"),
        ({"reason": ""}, 422, "validation-error"),
        ({"source": "nobody"}, 404, "not-found"),
        ({"source": "shot-00001"}, 404, "not-found"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422, "validation-error"),
        ({"expires_at": "soon"}, 422, "validation-error"),
        ({"untill": "soon"}, 422, "unknown-field"),
    ],
)
def test_what_cannot_be_pinned_is_refused_and_nothing_is_written(
    api: APIClient, more: dict[str, Any], status: int, code: str
) -> None:
    with nothing_written():
        read_problem(pin(api, **more), status, code)


def test_a_locked_target_is_not_pinned(api: APIClient) -> None:
    send(api, "PUT", f"assets/{SHOT}/lock", '{"is_locked": true}')
    with nothing_written():
        read_problem(pin(api, version=1), 423, "locked")
