"""Requests at the same moment: one wins, and the others are told so."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connections
from pytest_django import Settings

from assets.models import AssetReference
from propagation.models import Conflict, Event, PropagationRun
from tests.builders import edges_production, get_content, get_entity, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import Answer, post
from versions.models import Version

pytestmark = pytest.mark.django_db(transaction=True)
RACERS = 6


def make_assets(codes: str) -> dict[str, object]:
    """Return a production of one prop per letter; nothing depends on any, so no run goes on."""
    return {"assets": [{"id": code, "type": "prop"} for code in codes]}


def race(user: User, *requests: Callable[[APIClient], Answer]) -> list[Answer]:
    """Send the requests at the same moment, each on a connection of its own."""
    barrier = Barrier(len(requests))

    def run(request: Callable[[APIClient], Answer]) -> Answer:
        client = APIClient()
        client.force_authenticate(user)
        barrier.wait()
        try:
            return request(client)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(run, requests))


def test_of_changes_with_one_etag_exactly_one_is_made() -> None:
    load(star(0))
    user = make_user("director", is_superuser=True)

    def change(number: int) -> Callable[[APIClient], Answer]:
        body = {"change_data": {"take": number}}
        return lambda client: post(client, "assets/hero/propagate", body, HTTP_IF_MATCH='"hero_v1"')

    answers = race(user, *(change(number) for number in range(RACERS)))
    assert Counter(answer.status_code for answer in answers) == {202: 1, 409: RACERS - 1}
    kept = {conflict.edit["data"]["take"] for conflict in Conflict.objects.all()}
    written = get_content("hero")["take"]
    assert kept | {written} == set(range(RACERS))
    assert Version.objects.filter(entity=get_entity("hero")).count() == 2
    assert PropagationRun.objects.count() == 1


def test_changes_of_different_fields_without_an_etag_are_all_kept() -> None:
    load(star(0))
    user = make_user("director", is_superuser=True)

    def change(number: int) -> Callable[[APIClient], Answer]:
        body = {"change_data": {f"field-{number}": number}}
        return lambda client: post(client, "assets/hero/propagate", body)

    answers = race(user, *(change(number) for number in range(RACERS)))
    assert {answer.status_code for answer in answers} == {202}
    last = Version.objects.filter(entity=get_entity("hero")).order_by("-number")[0]
    assert last.number == RACERS + 1
    assert {f"field-{number}" for number in range(RACERS)} <= last.content.data.keys()


def test_the_same_change_made_by_all_at_once_is_made_once() -> None:
    load(star(0))
    user = make_user("director", is_superuser=True)
    body = {"change_data": {"colour": "blue"}}
    answers = race(user, *[lambda client: post(client, "assets/hero/propagate", body)] * RACERS)
    assert Counter(answer.status_code for answer in answers) == {202: 1, 200: RACERS - 1}


def test_of_two_edges_that_close_a_cycle_together_one_is_added() -> None:
    load(make_assets("ab"))
    user = make_user("director", is_superuser=True)
    answers = race(
        user,
        lambda client: post(client, "edges", {"source": "a", "target": "b"}),
        lambda client: post(client, "edges", {"source": "b", "target": "a"}),
    )
    assert sorted(answer.status_code for answer in answers) == [202, 409]
    assert AssetReference.objects.count() == 1


def test_an_edge_added_by_all_at_once_is_added_once() -> None:
    load(make_assets("ab"))
    user = make_user("director", is_superuser=True)
    edge = {"source": "a", "target": "b"}
    answers = race(user, *[lambda client: post(client, "edges", edge)] * RACERS)
    assert Counter(answer.status_code for answer in answers) == {202: 1, 200: RACERS - 1}


def test_batches_that_name_the_same_assets_in_different_orders_do_not_lock_each_other_out() -> None:
    load(make_assets("abcdef"))
    load(make_assets("abcdef"), code="other")
    user = make_user("director", is_superuser=True)
    codes = [f"{project}:{code}" for code in "abcdef" for project in ("film", "other")]

    def change(number: int) -> Callable[[APIClient], Answer]:
        order = codes[number:] + codes[:number] if number % 2 else codes[::-1]
        changes = [{"asset_id": code, "changes": {f"f{number}": 1}} for code in order]
        return lambda client: post(client, "propagation/batch", {"asset_changes": changes})

    answers = race(user, *(change(number) for number in range(RACERS)))
    assert {answer.status_code for answer in answers} == {202}
    numbers = Version.objects.filter(entity=get_entity("a")).values_list("number", flat=True)
    assert sorted(numbers) == list(range(1, RACERS + 2))
    for project in ("film", "other"):
        seqs = Event.objects.filter(project__code=project).values_list("seq", flat=True)
        assert sorted(seqs) == list(range(1, len(seqs) + 1))


def test_of_runs_started_at_once_there_are_no_more_than_a_project_may_have(
    settings: Settings,
) -> None:
    settings.MAX_ACTIVE_RUNS = 2
    load(edges_production([(f"s{number}", f"t{number}") for number in range(RACERS)]))
    user = make_user("director", is_superuser=True)

    def change(number: int) -> Callable[[APIClient], Answer]:
        body = {"change_data": {"take": 1}}
        return lambda client: post(client, f"assets/s{number}/propagate", body)

    answers = race(user, *(change(number) for number in range(RACERS)))
    assert Counter(answer.status_code for answer in answers) == {202: 2, 429: RACERS - 2}
    assert PropagationRun.objects.filter(finished_at=None).count() == 2
