"""Idempotency-Key: what was sent twice is done once, and answered twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.utils import timezone

from propagation.api.urls import urlpatterns
from propagation.api.work import WorkView
from propagation.models import Conflict, IdempotencyKey, PropagationRun
from propagation.services.forget_keys import KEPT, forget_keys
from tests.builders import change, drive, get_entity, load, star
from tests.client import APIClient
from tests.processes import Workers
from tests.propagation.api.asking import Answer, nothing_written, post, read_problem, send
from versions.models import Version

KEY = "HTTP_IDEMPOTENCY_KEY"
pytestmark = pytest.mark.django_db
PATH = "assets/hero/propagate"
BODY = {"change_data": {"description": "Updated"}}
EDGE = {"source": "shot-00000", "target": "shot-00001"}
WITHOUT = {
    "simulate",
    "files",
    "ws-tickets",
    "tokens",
    "webhooks",
    "rotate-webhook",
    "mark-read",
    "mark-unread",
}
"""Routes whose POST starts no work: one writes nothing, one stores a file that nothing uses yet.
Four answer a secret, which must not be kept with a key; two mark what one has read."""
READ_BY_POST = {"look-up"}


def ask(api: APIClient, key: str = "k-1", body: Any = BODY, path: str = PATH) -> Answer:  # noqa: ANN401
    """POST with a key."""
    return post(api, path, body, **{KEY: key})


def count_rows() -> tuple[int, int]:
    """Return the numbers of runs and of versions."""
    return PropagationRun.objects.count(), Version.objects.count()


def test_the_second_answer_is_the_first(film: None, api: APIClient) -> None:
    del film
    first = ask(api)
    rows = count_rows()
    again = ask(api)
    assert count_rows() == rows
    assert (
        (again.status_code, again.json())
        == (first.status_code, first.json())
        == (202, again.json())
    )
    assert again["Idempotency-Replayed"] == "true"
    assert not first.has_header("Idempotency-Replayed")
    for name in ("ETag", "Location", "Retry-After"):
        assert again[name] == first[name]


def test_without_a_key_each_request_is_done(film: None, api: APIClient) -> None:
    del film
    for value in ("a", "b"):
        post(api, PATH, {"change_data": {"description": value}})
    assert PropagationRun.objects.count() == 2
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("body", [{"change_data": {"description": "Other"}}, {}])
def test_a_key_is_not_for_another_request(film: None, api: APIClient, body: dict[str, Any]) -> None:
    del film
    ask(api)
    with nothing_written():
        read_problem(ask(api, body=body), 422, "idempotency-key-reused")


def test_the_query_belongs_to_the_request(film: None, api: APIClient) -> None:
    del film
    ask(api)
    read_problem(ask(api, path=f"{PATH}?dry_run=true"), 422, "idempotency-key-reused")


def test_a_key_belongs_to_a_path_and_a_user(
    film: None, api: APIClient, as_artist: APIClient
) -> None:
    del film
    first = ask(api).json()["run_id"]
    other = ask(as_artist, body={"change_data": {"description": "Other"}}).json()["run_id"]
    edge = ask(api, path="edges", body=EDGE).json()["run_id"]
    assert len({first, other, edge}) == 3


def test_a_request_that_was_refused_may_come_again_with_its_key(film: None, api: APIClient) -> None:
    del film
    with nothing_written():
        read_problem(ask(api, body={"change_data": {"type": "prop"}}), 422, "invalid-change")
    assert ask(api).status_code == 202


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "x" * 256, "tab\t"])
def test_a_key_is_up_to_255_visible_characters(film: None, api: APIClient, key: str) -> None:
    del film
    with nothing_written():
        read_problem(ask(api, key), 400, "idempotency-key-invalid")


def test_255_characters_are_fine(film: None, api: APIClient) -> None:
    del film
    assert ask(api, "~" * 255).status_code == 202


def test_a_dry_run_is_answered_again_as_well(film: None, api: APIClient) -> None:
    del film
    first = ask(api, path=f"{PATH}?dry_run=true").json()
    assert ask(api, path=f"{PATH}?dry_run=true").json() == first


def test_a_body_that_is_too_large_is_refused_as_ever(film: None, api: APIClient) -> None:
    del film
    large = b'{"change_data": {"a": "' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}}'
    answer = send(api, "POST", PATH, large, **{KEY: "k"})
    read_problem(answer, 413, "payload-too-large")


def test_steering_is_done_once(film: None, api: APIClient) -> None:
    """The second retry would be refused: the run is under way again."""
    del film
    run = change("hero", colour="red").run
    assert run
    drive(run)
    undo = {"reason": "wrong"}
    first = ask(api, path=f"runs/{run.pk}/undo", body=undo)
    again = ask(api, path=f"runs/{run.pk}/undo", body=undo)
    assert (first.status_code, again.json()) == (202, first.json())
    assert PropagationRun.objects.filter(undo_of=run).count() == 1


def test_keys_are_kept_a_day(film: None, api: APIClient) -> None:
    del film
    ask(api)
    now = timezone.now()
    assert forget_keys(at=now + KEPT - timedelta(minutes=1)) == 0
    assert forget_keys(at=now + KEPT + timedelta(minutes=1)) == 1
    assert not IdempotencyKey.objects.exists()


def test_every_post_that_starts_work_takes_a_key() -> None:
    for route in urlpatterns:
        view = route.callback.view_class  # type: ignore[attr-defined]
        if hasattr(view, "post") and route.name not in WITHOUT | READ_BY_POST:
            assert issubclass(view, WorkView), route.name


@pytest.mark.workers
def test_40_equal_requests_at_once_make_one_run(http: httpx.Client, workers: Workers) -> None:
    del workers
    load(star(3))

    def ask_server(_: int) -> httpx.Response:
        return http.post(f"/{PATH}", json=BODY, headers={"Idempotency-Key": "once"})

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(ask_server, range(40)))
    assert {answer.status_code for answer in answers} == {202}
    assert [answer.json() for answer in answers] == [answers[0].json()] * 40
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 39
    assert PropagationRun.objects.count() == 1
    assert Version.objects.filter(entity=get_entity("hero")).count() == 2


@pytest.mark.workers
def test_a_key_and_a_wait_go_together(http: httpx.Client, workers: Workers) -> None:
    """The run has to be committed before anybody can wait for it."""
    del workers
    load(star(3))
    headers = {"Idempotency-Key": "once", "Prefer": "wait=20"}
    answer = http.post(f"/{PATH}", json=BODY, headers=headers)
    assert answer.headers["Preference-Applied"] == "wait"
    assert answer.json()["status"] == "success"


@pytest.mark.workers
def test_40_changes_of_one_version_at_once_make_one_run(
    http: httpx.Client, workers: Workers
) -> None:
    del workers
    load(star(3))

    def ask_server(number: int) -> httpx.Response:
        body = {"change_data": {"description": f"by {number}"}}
        return http.post(f"/{PATH}", json=body, headers={"If-Match": '"hero_v1"'})

    with ThreadPoolExecutor(40) as pool:
        statuses = [answer.status_code for answer in pool.map(ask_server, range(40))]
    assert sorted(statuses) == [202] + [409] * 39
    assert PropagationRun.objects.count() == 1
    assert Conflict.objects.filter(status="open").count() == 39
