"""How much somebody may ask for: counted exactly, told in headers, and never in the way."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from django.conf import settings as configured
from django.test import Client, RequestFactory
from pytest_django import Settings

from assets.models import Role
from propagation.api.addresses import find_address, find_network
from propagation.live import rates
from propagation.live.rates import count_request
from tests.builders import change, edges_production, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import make_token, nothing_written, post, read_problem
from tests.server import Server, run_server

CHANGE = {"change_data": {"colour": "blue"}}


@pytest.fixture
def limit(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set limits of one's own, which nobody has counted towards."""
    settings.REDIS_PREFIX = f"{configured.REDIS_PREFIX}{uuid4().hex}:"
    monkeypatch.setattr(rates, "_away_until", 0.0)

    def do(**limits: int) -> None:
        settings.THROTTLES = {**configured.THROTTLES, **limits}

    return do


@pytest.fixture(scope="module")
def strict_server(django_db_setup: None) -> Iterator[Server]:
    """Run a server that lets nobody read more than 20 times in a minute."""
    del django_db_setup
    with run_server({"CONTINUITY_THROTTLE_READS": "20"}) as server:
        yield server


@pytest.mark.django_db(transaction=True)
def test_of_50_requests_at_once_exactly_20_pass_where_20_may(strict_server: Server) -> None:
    headers = {"Authorization": f"Bearer {make_token('ann')}"}
    with (
        httpx.Client(headers=headers, timeout=60, trust_env=False) as client,
        ThreadPoolExecutor(50) as pool,
    ):
        answers = list(pool.map(lambda _: client.get(f"{strict_server.url}/projects"), range(50)))
        assert sorted(one.status_code for one in answers) == [200] * 20 + [429] * 30
        left = {one.headers["RateLimit"].split(";")[1] for one in answers}
        assert left == {f"r={count}" for count in range(20)}
        # Another token has a limit of its own.
        other = {"Authorization": f"Bearer {make_token('ann')}"}
        assert client.get(f"{strict_server.url}/projects", headers=other).status_code == 200


@pytest.mark.django_db
def test_whoever_asks_too_much_is_told_when_to_go_on(
    film: None, api: APIClient, limit: Callable[..., None]
) -> None:
    limit(reads=2)
    answers = [api.get("/api/v1/projects") for _ in range(3)]
    assert [one["RateLimit"].split(";t=")[0] for one in answers[:2]] == [
        '"reads";r=1',
        '"reads";r=0',
    ]
    problem = read_problem(answers[2], 429, "rate-limited")
    assert "2 requests" in problem["detail"]
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    assert answers[2]["RateLimit-Policy"] == '"reads";q=2;w=60'
    # To write is another thing, and so is to start something.
    assert post(api, "assets/hero/propagate", CHANGE).status_code == 202


@pytest.mark.django_db
def test_what_is_refused_for_its_number_changes_nothing(
    film: None, api: APIClient, limit: Callable[..., None]
) -> None:
    limit(starts=1, writes=1)
    assert post(api, "assets/hero/propagate?dry_run=true", CHANGE).status_code == 200
    assert post(api, "assets/hero/propagate", CHANGE).status_code == 202
    answer = post(api, "assets/hero/propagate", {"change_data": {"colour": "red"}})
    assert '"starts"' in answer["RateLimit"]
    read_problem(answer, 429, "rate-limited")
    answer = post(api, "assets/hero/propagate?dry_run=true", CHANGE)
    assert '"writes"' in answer["RateLimit"]
    read_problem(answer, 429, "rate-limited")
    assert api.get("/api/v1/assets/hero/versions").json()["data"][0]["number"] == 2


@pytest.mark.django_db
def test_nobody_in_particular_is_counted_by_address(limit: Callable[..., None]) -> None:
    limit(anonymous=2)
    wrong = APIClient(HTTP_AUTHORIZATION="Bearer cty_wrong")
    for client in (APIClient(), wrong):
        read_problem(client.get("/api/v1/projects"), 401, "unauthenticated")
    for client in (APIClient(), wrong):
        # An address that somebody makes up is not theirs.
        answer = client.get("/api/v1/projects", HTTP_X_FORWARDED_FOR=f"10.0.0.{uuid4().int % 250}")
        read_problem(answer, 429, "rate-limited")
        assert answer["Retry-After"]
    assert APIClient(REMOTE_ADDR="192.0.2.7").get("/api/v1/projects").status_code == 401


@pytest.mark.django_db
def test_whoever_is_known_is_not_held_up_by_others_at_their_address(
    limit: Callable[..., None], api: APIClient
) -> None:
    limit(anonymous=1)
    assert [APIClient().get("/api/v1/projects").status_code for _ in "ab"] == [401, 429]
    assert api.get("/api/v1/projects").status_code == 200


@pytest.mark.django_db
def test_passwords_of_many_accounts_are_not_tried_from_one_address(
    limit: Callable[..., None],
) -> None:
    limit(anonymous=3)
    client = Client()
    statuses = [
        client.post("/admin/login/", {"username": f"user{number}", "password": "x"}).status_code
        for number in range(5)
    ]
    assert statuses == [200, 200, 200, 429, 429]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["nobody there", "no answer"])
def test_without_redis_nobody_is_refused_or_kept_waiting(
    api: APIClient, limit: Callable[..., None], settings: Settings, kind: str
) -> None:
    limit(reads=1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if kind == "no answer":
            silent.listen()
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        settings.REDIS = replace(configured.REDIS, client=url)
        begun = time.monotonic()
        assert api.get("/api/v1/projects").status_code == 200
        assert time.monotonic() - begun < 1
        begun = time.monotonic()
        for _ in range(1000):
            assert count_request("user") is None
        assert time.monotonic() - begun < 0.1


@pytest.mark.django_db
def test_a_project_has_so_many_runs_under_way_and_no_more(
    film: None, api: APIClient, settings: Settings
) -> None:
    settings.MAX_ACTIVE_RUNS = 1
    load(star(1), code="other")
    assert post(api, "assets/film:hero/propagate", CHANGE).status_code == 202
    with nothing_written():
        answer = post(api, "assets/film:hero/rollback", {"version_number": 1, "reason": "no"})
        problem = read_problem(answer, 429, "too-many-active-runs")
    assert (problem["limit"], answer["Retry-After"]) == (1, "5")
    # Elsewhere there is room, and the operator is not held up.
    assert post(api, "assets/other:hero/propagate", CHANGE).status_code == 202
    assert change("hero", colour="green").run


@pytest.mark.django_db
def test_a_run_is_not_taken_up_again_where_there_is_no_room(
    api: APIClient, settings: Settings
) -> None:
    settings.MAX_ACTIVE_RUNS = 1
    load(edges_production([("a", "x"), ("b", "y")]))
    first = post(api, "assets/a/propagate", CHANGE).json()["run_id"]
    assert post(api, f"runs/{first}/cancel", {}).status_code == 200
    second = post(api, "assets/b/propagate", CHANGE).json()["run_id"]
    with nothing_written():
        read_problem(post(api, f"runs/{first}/retry", {}), 429, "too-many-active-runs")
    post(api, f"runs/{second}/cancel", {})
    assert post(api, f"runs/{first}/retry", {}).status_code in (200, 202)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, "", "192.0.2.1"),
        (0, "10.0.0.1", "192.0.2.1"),
        (1, "10.0.0.1", "10.0.0.1"),
        (1, "made-up, 10.0.0.1", "10.0.0.1"),
        (2, "made-up, 10.0.0.1, 10.0.0.2", "10.0.0.1"),
        (2, "10.0.0.2", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "not an address", None),
    ],
)
def test_only_what_our_own_proxies_say_of_an_address_is_believed(
    settings: Settings, proxies: int, forwarded: str, found: str | None
) -> None:
    settings.NUM_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="192.0.2.1")
    assert find_address(request) == found


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", "unknown"),
    ],
)
def test_a_house_with_many_addresses_is_one_client(address: str, network: str) -> None:
    assert find_network(RequestFactory().get("/", REMOTE_ADDR=address)) == network


@pytest.mark.django_db
def test_a_member_of_two_projects_has_one_limit(limit: Callable[..., None], film: None) -> None:
    limit(reads=1)
    client = APIClient()
    client.force_authenticate(make_user("ben", roles={"film": Role.VIEWER}))
    statuses = [client.get(f"/api/v1/projects{path}").status_code for path in ("", "/film")]
    assert statuses == [200, 429]
