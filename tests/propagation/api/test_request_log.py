"""Request ids, and the log lines of requests and of the tasks that they start."""

import json
import logging
from typing import Any

import pytest
from django.test import Client
from structlog.contextvars import get_contextvars

from assets.models import Role
from propagation.api import problems
from propagation.live.wake import wait_until
from propagation.models import PropagationRun, RunStatus
from tests.builders import load, make_user, star
from tests.client import APIClient
from tests.processes import START_LIMIT_S, Workers
from tests.propagation.api.asking import make_token, post, read_problem, send

ID = "from-the-proxy.41"


def find_line(caplog: pytest.LogCaptureFixture, event: str) -> dict[str, Any]:
    """Return the only log line of structlog with the event."""
    found = [
        record.msg
        for record in caplog.records
        if isinstance(record.msg, dict) and record.msg["event"] == event
    ]
    (line,) = found
    return dict(line)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Have everything logged, as with LOG_LEVEL=DEBUG and LOG_FORMAT=json."""
    caplog.set_level(logging.DEBUG, logger="django_structlog")
    return caplog


@pytest.mark.django_db
def test_an_id_that_came_along_is_answered_and_stands_in_problems(api: APIClient) -> None:
    response = api.get("/api/v1/runs/0", HTTP_X_REQUEST_ID=ID)
    assert response.headers["X-Request-ID"] == json.loads(response.content)["request_id"] == ID


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "short", "x" * 65, "two words", "a\r\nb", "ümläute-x"])
def test_an_id_that_is_not_well_formed_is_replaced(api: APIClient, given: str) -> None:
    response = api.get("/api/v1/runs/0", HTTP_X_REQUEST_ID=given)
    problem = read_problem(response, 404, "not-found")
    assert response.headers["X-Request-ID"] == problem["request_id"] != given


@pytest.mark.django_db
def test_every_answer_has_an_id_of_its_own(api: APIClient) -> None:
    paths = ["/health/live", "/nowhere", "/api/v1/me", "/api/v1/nowhere", "/admin/login/"]
    ids = {api.get(path).headers["X-Request-ID"] for path in paths}
    assert len(ids) == len(paths)


@pytest.mark.django_db
def test_a_request_is_one_line_with_route_status_user_and_time(
    api: APIClient, film: None, logged: pytest.LogCaptureFixture
) -> None:
    token = make_token("ann", "--project", "film", "--role", "artist")
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_X_REQUEST_ID=ID)
    client.get("/api/v1/assets/hero?fields=id", HTTP_USER_AGENT="curious/1.0")
    line = find_line(logged, "request_finished")
    assert line["request"] == "GET /api/v1/assets/<code:asset_id>"
    assert (line["request_id"], line["level"]) == (ID, "info")
    assert line["user_id"] == client.get("/api/v1/me").wsgi_request.user.pk
    assert line["duration_ms"] >= 0
    assert get_contextvars() == {}


@pytest.mark.django_db
def test_nothing_of_a_request_is_logged_that_is_nobodys_business(
    film: None, logged: pytest.LogCaptureFixture
) -> None:
    token = make_token("ann", "--project", "film", "--role", "artist")
    client = APIClient(
        HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_USER_AGENT="curious/1.0", REMOTE_ADDR="192.0.2.7"
    )
    post(client, "assets/hero/propagate", {"change_data": {"description": "private words"}})
    send(client, "POST", "jobs/job_secret-token", '{"status": "failed"}')
    client.get("/api/v1/plans/pl_secret-token?q=asked")
    written = f"{logged.text} {[vars(record) for record in logged.records]}"
    assert "request_finished" in written
    for secret in (token, "curious", "192.0.2.7", "private words", "secret-token", "asked"):
        assert secret not in written
    assert "Bearer" not in written
    assert "ann" not in {
        record.msg.get("user_id") for record in logged.records if isinstance(record.msg, dict)
    }


@pytest.mark.django_db
def test_the_user_of_a_session_is_named_and_no_view_has_to_ask(
    logged: pytest.LogCaptureFixture,
) -> None:
    user = make_user("boss", is_superuser=True)
    client = Client()
    client.force_login(user)
    client.get("/", headers={"X-Request-ID": ID})
    assert find_line(logged, "request_finished")["user_id"] == user.pk


@pytest.mark.django_db
def test_probes_are_not_logged(logged: pytest.LogCaptureFixture) -> None:
    Client().get("/health/live")
    assert [record for record in logged.records if "request" in str(record.msg)] == []


@pytest.mark.django_db
def test_a_fault_is_logged_once_with_its_traceback_and_the_id_that_is_answered(
    film: None, api: APIClient, logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(problems, "exception_handler", fail)
    api.raise_request_exception = False
    response = api.get("/api/v1/runs/0?what=1", HTTP_X_REQUEST_ID=ID)
    assert response.status_code == 500
    line = find_line(logged, "request_failed")
    assert (line["request_id"], line["code"]) == (ID, 500)
    errors = [record for record in logged.records if record.levelno >= logging.ERROR]
    assert [record.name for record in errors if record.name != "django.request"] == [
        "django_structlog.middlewares.request"
    ]
    assert json.loads(response.content)["request_id"] == ID


@pytest.mark.workers
def test_the_id_of_a_request_stands_in_the_lines_of_its_tasks(workers: Workers) -> None:
    load(star(3))
    user = make_user("ann", roles={"film": Role.ARTIST})
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {make_token('ann')}", HTTP_X_REQUEST_ID=ID)
    answer = post(client, "assets/hero/propagate", {"change_data": {"colour": "blue"}})
    run_id = answer.json()["run_id"]

    def is_over() -> bool:
        return PropagationRun.objects.get(pk=run_id).status == RunStatus.SUCCESS

    assert wait_until(is_over, run_id=run_id, timeout_s=START_LIMIT_S)
    # The task that ended the run writes its line after it; those before it have.
    lines = [
        json.loads(line)
        for line in workers.read_log("background").splitlines()
        if line.startswith("{")
    ]
    of_run = [line for line in lines if line.get("run_id") == run_id]
    assert {line["event"] for line in of_run} == {"task_succeeded"}
    assert {line["request_id"] for line in of_run} == {ID}
    assert {line["user_id"] for line in of_run} == {user.pk}
    assert len({line["task_id"] for line in of_run}) == len(of_run) >= 2
