"""The API through a real server: what only HTTP shows, such as percent-encoded codes."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from config.stack.redis_server import find_redis_binary, says_ready
from tests.builders import edges_production, load, star
from tests.processes import START_LIMIT_S
from tests.propagation.api.asking import make_token, read_problem
from tests.server import Server, run_server

BODY = {"change_data": {"colour": "blue"}}
DELAYED_S = 0.3
"""The most that a request takes while Redis is down or hangs (RELIABILITY.md)."""
CODES = [
    "a/b",
    "/",
    "//",
    "a/../b",
    "50%",
    "%",
    "%2F",
    "%2f",
    "%252F",
    "%25",
    "%41",
    "q?x=1",
    "h#x",
    "a b",
    " ",
    "😀",
    "ü",
    ".",
    "..",
    'd"q',
    "'",
    "+",
    "a+b",
    "&",
    "a;b=c",
    "a,b",
    "\\",
    "a:b",
    "*",
    "<b>",
    "[1]",
    "{x}",
    "|",
    "^",
    "~",
    "@",
    "$",
    "!",
    "(",
    "propagate",
    "x" * 255,
]


def encode(code: str) -> str:
    """Return the code as one segment of a URL; a dot alone would be lost on the way."""
    return quote(code, safe="").replace(".", "%2E")


def test_any_code_can_be_read_changed_and_taken_back(http: httpx.Client) -> None:
    load({"assets": [{"id": code, "type": "prop"} for code in CODES]})
    for code in CODES:
        path = f"/assets/{encode(code)}"
        first = http.get(path)
        assert (first.status_code, first.json()["id"]) == (200, code)
        assert http.get(f"/assets/film:{encode(code)}").json()["id"] == code
        headers = {"If-Match": first.headers["ETag"]}
        changed = http.post(f"{path}/propagate", json=BODY, headers=headers)
        assert (changed.status_code, changed.json()["version"]) == (202, f"{code}_v2")
        back = {"version_number": 1, "reason": "as it was"}
        answer = http.post(f"{path}/rollback", json=back)
        assert (answer.status_code, answer.json()["version"]) == (202, f"{code}_v3")
        found = http.get(f"{path}/dependencies?depth=1")
        assert (found.status_code, found.json()["asset_id"]) == (200, code)
        assert http.get(f"{path}/versions/2").json()["id"] == f"{code}_v2"


def test_the_letters_of_an_encoded_slash_may_be_small(http: httpx.Client) -> None:
    load({"assets": [{"id": "a/b", "type": "prop"}]})
    assert http.get("/assets/a%2fb").json()["id"] == "a/b"


def test_a_slash_that_is_not_encoded_separates_segments(http: httpx.Client) -> None:
    load({"assets": [{"id": code, "type": "prop"} for code in ("a/versions", "a")]})
    assert http.get("/assets/a/versions").json()["data"][0]["id"] == "a_v1"
    assert http.get("/assets/a%2Fversions").json()["id"] == "a/versions"


@pytest.mark.parametrize(
    "segment", ["%ff", "%ed%a0%80", "%c0%af", "%", "%2", "%zz", "%2G", "%u0041"]
)
def test_a_path_that_is_not_utf8_is_not_found(http: httpx.Client, segment: str) -> None:
    answer = ask_raw(http, f"GET /api/v1/assets/{segment} HTTP/1.1")
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"application/problem+json" in answer


def test_a_header_cannot_be_smuggled_in_by_a_code(http: httpx.Client) -> None:
    answer = http.get("/assets/a%0D%0AX-Evil:%20yes")
    read_problem(answer, 404, "not-found")
    assert "X-Evil" not in answer.headers


def test_the_body_of_a_get_is_read(http: httpx.Client) -> None:
    load(edges_production([("a", "b")]))
    for depth in (0, 1):
        content = json.dumps({"depth": depth, "include_shots": True})
        answer = http.request(
            "GET",
            "/assets/a/dependencies",
            content=content,
            headers={"Content-Type": "application/json"},
        )
        assert answer.json()["dependencies"] == ["b"][:depth]


def test_a_body_that_is_far_too_large_is_refused(http: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    answer = http.post("/assets/a/propagate", content=b" " * 20_000_000, headers=headers)
    read_problem(answer, 413, "payload-too-large")


def test_a_body_in_chunks_is_read(http: httpx.Client) -> None:
    load({"assets": [{"id": "a", "type": "prop"}]})
    raw = json.dumps(BODY).encode()
    chunks = (raw[index : index + 7] for index in range(0, len(raw), 7))
    headers = {"Content-Type": "application/json"}
    answer = http.post("/assets/a/propagate", content=chunks, headers=headers)
    assert (answer.status_code, answer.json()["version"]) == (202, "a_v2")
    assert http.get("/assets/a").json()["content"] == {"colour": "blue"}


def test_a_body_in_chunks_that_is_too_large_is_refused_before_its_end(http: httpx.Client) -> None:
    answer = ask_raw(
        http,
        "POST /api/v1/assets/a/propagate HTTP/1.1",
        "Content-Type: application/json",
        "Transfer-Encoding: chunked",
        body=b"4C4B41\r\n" + b" " * 5_000_001 + b"\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"payload-too-large" in answer


def test_a_body_that_says_it_is_too_large_is_refused_unread(http: httpx.Client) -> None:
    answer = ask_raw(
        http,
        "POST /api/v1/assets/a/propagate HTTP/1.1",
        "Content-Type: application/json",
        "Content-Length: 5000001",
    )
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"payload-too-large" in answer


@pytest.mark.parametrize("code", ["a?b%41#c", "50%", "ü 日本", "a/b", "%2F"])
def test_the_link_of_a_page_leads_on_whatever_the_project(http: httpx.Client, code: str) -> None:
    load(star(3), code=code)
    first = http.get(f"/projects/{encode(code)}/shots?limit=1")
    following = http.get(first.headers["Link"].partition("<")[2].partition(">")[0])
    assert [row["id"] for row in following.json()["data"]] == ["shot-00001"]


def test_a_head_request_has_the_headers_of_a_get(http: httpx.Client) -> None:
    load({"assets": [{"id": "a", "type": "prop"}]})
    head, get = http.head("/assets/a"), http.get("/assets/a")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Length"):
        assert head.headers[name] == get.headers[name]


def test_without_a_token_the_server_answers_health_only(
    server_process: Server, transactional_db: None
) -> None:
    del transactional_db
    root = server_process.url.removesuffix("/api/v1")
    with httpx.Client(timeout=START_LIMIT_S, trust_env=False) as client:
        answer = client.get(f"{server_process.url}/projects")
        read_problem(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert client.get(f"{root}/health/live").status_code == 200


@contextmanager
def run_on(redis_url: str) -> Iterator[httpx.Client]:
    """Run a server on that Redis, and give the director's client of it."""
    headers = {"Authorization": f"Bearer {make_token('director', '--superuser')}"}
    with (
        run_server({"REDIS_URL": redis_url}) as server,
        httpx.Client(
            base_url=server.url, headers=headers, timeout=START_LIMIT_S, trust_env=False
        ) as client,
    ):
        yield client


def check_that_changes_are_kept(client: httpx.Client) -> None:
    """Check that changes are taken at once, though their runs start later."""
    took_s = []
    for turn in range(4):  # with the first the server loads what it needs; others may be disturbed
        body = {"change_data": {"turn": turn}}
        started = time.monotonic()
        answer = client.post("/assets/a/propagate", json=body)
        took_s.append(time.monotonic() - started)
        assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
        assert answer.json()["queued"] == "delayed"
    assert min(took_s) < DELAYED_S
    run = client.get(answer.headers["Location"].removeprefix("/api/v1"))
    assert (run.json()["status"], run.json()["total"]) == ("accepted", 1)


def test_without_redis_a_change_is_accepted_all_the_same(transactional_db: None) -> None:
    del transactional_db
    load(edges_production([("a", "b")]))
    with run_on("redis://127.0.0.1:1/0") as client:
        check_that_changes_are_kept(client)
        waited = client.post("/assets/a/propagate", json=BODY, headers={"Prefer": "wait=1"})
        assert waited.headers["Preference-Applied"] == "wait"


def test_a_redis_that_hangs_holds_up_no_change(transactional_db: None, tmp_path: Path) -> None:
    del transactional_db
    load(edges_production([("a", "b")]))
    path = tmp_path / "redis.sock"
    command = [str(find_redis_binary()), "--port", "0", "--unixsocket", str(path), "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as redis:
        assert redis.stdout
        next(line for line in redis.stdout if says_ready(line))
        redis.send_signal(signal.SIGSTOP)
        try:
            with run_on(f"unix://{path}") as client:
                check_that_changes_are_kept(client)
        finally:
            redis.kill()


def ask_raw(http: httpx.Client, request_line: str, *headers: str, body: bytes = b"") -> bytes:
    """Send the request as it is, which no client library would, and return the answer."""
    assert http.base_url.port
    with socket.create_connection(("127.0.0.1", http.base_url.port)) as connection:
        lines = [
            request_line,
            "Host: 127.0.0.1",
            f"Authorization: {http.headers['Authorization']}",
            "Connection: close",
            *headers,
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        with connection.makefile("rb") as answer:
            return answer.read()
