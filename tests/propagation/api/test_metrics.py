"""Metrics: what Prometheus reads, parsed as Prometheus does."""

import math
from collections.abc import Iterable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from config.environment import locate_redis
from propagation.models import (
    ItemState,
    PropagationItem,
    PropagationRun,
    RunStatus,
    Webhook,
    WebhookDelivery,
)
from propagation.services.stock import LEFT_STATES
from tests.builders import change, drive, get_entity, load, star
from tests.client import APIClient
from tests.propagation.api.asking import post

pytestmark = pytest.mark.django_db


def read_families(api: APIClient) -> dict[str, Metric]:
    response = api.get("/metrics")
    assert response.status_code == 200
    found = list(text_string_to_metric_families(response.content.decode()))
    assert len({one.name for one in found}) == len(found)
    return {one.name: one for one in found}


def read_values(api: APIClient, name: str) -> dict[str, float]:
    """Return the samples of a gauge by its only label."""
    return by_label(read_families(api)[name].samples)


def by_label(samples: Iterable[object]) -> dict[str, float]:
    found: dict[str, float] = {}
    for sample in samples:
        (label,) = sample.labels.values()  # type: ignore[attr-defined]
        found[label] = sample.value  # type: ignore[attr-defined]
    return found


def count_requests(api: APIClient, **labels: str) -> float:
    samples = read_families(api)["continuity_http_request_seconds"].samples
    return sum(one.value for one in samples if one.name.endswith("_count") and one.labels == labels)


def test_every_family_says_what_it_is(api: APIClient) -> None:
    families = read_families(api)
    ours = [one for name, one in families.items() if name.startswith("continuity_")]
    assert len(ours) > 15
    for one in ours:
        assert one.documentation.endswith((".", ")"))
        assert one.type in ("gauge", "counter", "histogram")
        assert one.name.removesuffix("_created").endswith("_seconds") == (
            "Seconds" in one.documentation
        )


def test_runs_are_counted_by_status_and_none_is_left_out(film: None, api: APIClient) -> None:
    run = change("hero", colour="blue").run
    assert run
    before = read_values(api, "continuity_runs")
    assert before.keys() == set(RunStatus.values)
    assert before["accepted"] == 1
    drive(run)
    after = read_values(api, "continuity_runs")
    assert (after["accepted"], after["success"]) == (0, before["success"] + 1)


def test_items_are_counted_by_state_as_the_rows_have_them(film: None, api: APIClient) -> None:
    for colour in ("blue", "red"):
        run = change("hero", colour=colour).run
        assert run
        drive(run)
    waiting = change("hero", colour="green").run
    PropagationItem.objects.filter(run=waiting, entity__code="shot-00001").update(state="failed")
    counts = read_values(api, "continuity_items")
    assert counts.keys() == {*LEFT_STATES, "applied", "unchanged"}
    for state, count in counts.items():
        assert count == PropagationItem.objects.filter(state=state).count(), state
    assert (counts["applied"], counts["failed"], counts["queued"]) == (6, 1, 2)
    left_out = set(ItemState.values) - counts.keys()
    assert left_out == {"pinned", "released", "superseded"}


def test_the_cut_off_is_the_share_of_items_that_were_unchanged(film: None, api: APIClient) -> None:
    (nothing,) = read_families(api)["continuity_cut_off_ratio"].samples
    assert math.isnan(nothing.value)
    run = change("hero", colour="blue").run
    assert run
    run.batches.update(applied=1, unchanged=2, done_at=timezone.now())
    (sample,) = read_families(api)["continuity_cut_off_ratio"].samples
    assert sample.value == pytest.approx(2 / 3)


def test_lanes_have_depth_age_and_messages(film: None, api: APIClient) -> None:
    run = change("hero", colour="blue").run
    assert run
    families = read_families(api)
    assert by_label(families["continuity_lane_queued"].samples)["background"] == 3
    assert by_label(families["continuity_lane_oldest_seconds"].samples)["background"] >= 0
    for name in ("queued", "running", "oldest_seconds", "rate", "messages", "workers"):
        lanes = by_label(families[f"continuity_lane_{name}"].samples)
        assert lanes.keys() == {"realtime", "batch", "background"}
    behind = by_label(families["continuity_events_behind"].samples)
    assert behind.keys() == {"notices", "webhooks"}
    assert min(behind.values()) > 0


def test_what_only_redis_knows_is_left_out_while_it_is_away(
    api: APIClient, settings: Settings
) -> None:
    settings.REDIS = locate_redis(home=settings.HOME, url="redis://127.0.0.1:1/0")
    families = read_families(api)
    assert families["continuity_broker_up"].samples[0].value == 0
    assert "continuity_lane_workers" not in families
    assert "continuity_lane_queued" in families


def test_deliveries_that_wait_and_that_failed_are_counted(film: None, api: APIClient) -> None:
    now = timezone.now()
    webhook = Webhook.objects.create(
        project=get_entity("hero").project,
        url="https://example.org/",
        secret="",
        created_at=now,
        updated_at=now,
    )
    for number, state in enumerate(["pending", "failed", "failed", "delivered"]):
        WebhookDelivery.objects.create(
            webhook=webhook,
            message_id=f"msg_{number}",
            type="run.completed",
            body="{}",
            state=state,
            next_at=now if state == "pending" else None,
            queued_at=now,
            created_at=now,
        )
    assert read_values(api, "continuity_webhook_deliveries") == {"pending": 1, "failed": 2}


def test_loads_of_graphs_are_hits_and_misses(film: None, api: APIClient) -> None:
    def read() -> dict[str, float]:
        samples = read_families(api)["continuity_graph_loads"].samples
        return by_label(one for one in samples if one.name.endswith("_total"))

    # What a transaction reads is kept when it commits, and that of this test never does.
    before = read()
    api.get("/api/v1/assets/hero/dependencies")
    after = read()
    assert after.get("miss", 0) > before.get("miss", 0)


def test_requests_are_counted_by_route_not_by_path(film: None, api: APIClient) -> None:
    labels = {"method": "GET", "route": "/api/v1/assets/<code:asset_id>", "status": "2xx"}
    before = count_requests(api, **labels)
    for code in ("hero", "shot-00001"):
        assert api.get(f"/api/v1/assets/{code}").status_code == 200
    assert count_requests(api, **labels) == before + 2


def test_refused_and_unknown_requests_are_counted_in_few_series(film: None, api: APIClient) -> None:
    none = {"method": "other", "route": "none", "status": "4xx"}
    before = count_requests(api, **none)
    for method in ("FROB", "NICATE"):
        assert api.generic(method, "/nowhere").status_code == 404
    assert count_requests(api, **none) == before + 2
    refused = {"method": "POST", "route": "/api/v1/edges", "status": "4xx"}
    before = count_requests(api, **refused)
    post(api, "edges", {})
    assert count_requests(api, **refused) == before + 1


def test_a_scrape_takes_as_many_statements_whatever_there_is(api: APIClient) -> None:
    counts = []
    for code, shots in (("small", 10), ("large", 500)):
        load(star(shots), code=code)
        run = change("hero", code, colour="blue").run
        assert run
        drive(run)
        change("hero", code, colour="red")
        with CaptureQueriesContext(connection) as captured:
            read_families(api)
        counts.append(len(captured))
    assert PropagationRun.objects.count() > 3
    assert counts == [11, 11]
