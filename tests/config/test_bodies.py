"""Request bodies are bounded before anybody reads them, and arrive with a length."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.bodies import Application, Message, Receive, Scope, Send, bound_bodies

FILES = "/api/v1/projects/night%20ferry/files"
LIMIT = 10
UPLOAD_LIMIT = 50
FORM = (b"content-type", b"multipart/form-data; boundary=x")
NAMED = (b"authorization", b"Bearer x")
SIGNED_IN = (b"cookie", b"sessionid=x")
CHUNKED = (b"transfer-encoding", b"chunked")


@dataclass
class Exchange:
    """One request through the bound: what was read and sent, and what the application got."""

    reads: int = 0
    sent: list[Message] = field(default_factory=list)
    scope: Scope | None = None
    body: bytes = b""
    disconnects: int = 0

    @property
    def status(self) -> int:
        """The status that was answered."""
        status: int = self.sent[0]["status"]
        return status

    def read_problem(self) -> dict[str, Any]:
        """Return the problem that was answered."""
        problem: dict[str, Any] = json.loads(self.sent[1]["body"])
        return problem

    def get_header(self, name: bytes) -> bytes | None:
        """Return the header that the application sees."""
        assert self.scope is not None
        found = [value for key, value in self.scope["headers"] if key == name]
        assert len(found) <= 1
        return found[0] if found else None


def chunk(*parts: bytes) -> list[Message]:
    """Return the messages of a body in these parts."""
    return [
        {"type": "http.request", "body": part, "more_body": index < len(parts)}
        for index, part in enumerate(parts, start=1)
    ]


async def serve(
    application: Application, scope: Scope, receive: Receive, send: Send, *, limit: int = LIMIT
) -> None:
    """Serve one request with the application behind the bound."""
    bounded = bound_bodies(application, limit=limit, upload_limit=UPLOAD_LIMIT)
    await bounded(scope, receive, send)


def exchange(
    *headers: tuple[bytes, bytes],
    messages: Sequence[Message] = (),
    limit: int = LIMIT,
    method: str = "POST",
    path: str = FILES,
) -> Exchange:
    """Send the request through the bound to an application that reads all and answers 200."""
    seen = Exchange()
    coming = iter([*messages, {"type": "http.disconnect"}])

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen.scope = scope
        while (message := await receive())["type"] == "http.request":
            seen.body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        else:
            seen.disconnects += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def receive() -> Message:
        seen.reads += 1
        return next(coming)

    async def send(message: Message) -> None:
        seen.sent.append(message)

    scope: Scope = {"type": "http", "method": method, "path": path, "headers": list(headers)}
    asyncio.run(serve(application, scope, receive, send, limit=limit))
    return seen


def check_refusal(seen: Exchange, *, limit: int = LIMIT, path: str = FILES) -> None:
    """Check that a 413 was answered, as a problem, and that the application saw nothing."""
    assert seen.scope is None
    assert [message["type"] for message in seen.sent] == [
        "http.response.start",
        "http.response.body",
    ]
    assert seen.status == 413
    headers = dict(seen.sent[0]["headers"])
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"connection"] == b"close"
    problem = seen.read_problem()
    assert len(problem.pop("request_id")) == 32
    assert problem == {
        "type": "/problems/payload-too-large",
        "title": "Request Entity Too Large",
        "status": 413,
        "code": "payload-too-large",
        "detail": f"A body may have {limit} bytes.",
        "instance": path,
    }


def test_a_body_that_says_it_is_too_large_is_refused_unread() -> None:
    seen = exchange((b"content-length", b"11"), messages=chunk(b"x" * 11))
    check_refusal(seen)
    assert seen.reads == 0


def test_a_length_of_many_digits_is_too_large() -> None:
    seen = exchange((b"content-length", b"9" * 4000))
    check_refusal(seen)
    assert seen.reads == 0


def test_a_body_of_a_length_up_to_the_limit_passes_as_it_comes() -> None:
    for size in (0, 1, 10):
        header = (b"content-length", str(size).encode())
        parts = [b"x" * (size // 2), b"x" * (size - size // 2)]
        seen = exchange(header, messages=chunk(*parts))
        assert (seen.status, seen.body, seen.reads) == (200, b"x" * size, 2)
        assert seen.scope is not None
        assert seen.scope["headers"] == [header]


def test_a_request_without_a_body_is_not_waited_for() -> None:
    seen = exchange((b"host", b"film"), messages=chunk(b""))
    assert (seen.status, seen.body, seen.reads) == (200, b"", 1)
    assert seen.get_header(b"content-length") is None


@pytest.mark.parametrize("length", [b"", b"-1", b"1.5", b"ten", b"+11", b" 11"])
def test_a_length_that_is_none_is_left_to_others(length: bytes) -> None:
    seen = exchange((b"content-length", length), messages=chunk(b"abc"))
    assert (seen.status, seen.body) == (200, b"abc")


def test_a_body_in_chunks_arrives_whole_with_its_length() -> None:
    seen = exchange(CHUNKED, messages=chunk(b"abc", b"", b"def", b"ghij"))
    assert (seen.status, seen.body) == (200, b"abcdefghij")
    assert seen.get_header(b"content-length") == b"10"
    assert seen.get_header(b"transfer-encoding") == b"chunked"


def test_a_body_in_chunks_over_the_limit_is_refused_and_read_no_further() -> None:
    parts = [b"abcdef", b"ghijk", b"never", b"read"]
    seen = exchange(CHUNKED, messages=chunk(*parts))
    check_refusal(seen)
    assert seen.reads == 2


def test_one_chunk_over_the_limit_is_refused() -> None:
    seen = exchange(CHUNKED, messages=chunk(b"x" * 11, b""))
    check_refusal(seen)
    assert seen.reads == 1


def test_a_length_beside_chunks_does_not_hide_them() -> None:
    for length in (b"0", b"10"):
        seen = exchange((b"content-length", length), CHUNKED, messages=chunk(b"x" * 11))
        check_refusal(seen)


@pytest.mark.parametrize("who", [NAMED, SIGNED_IN])
def test_a_form_of_somebody_may_be_as_long_as_an_upload(who: tuple[bytes, bytes]) -> None:
    for size in (LIMIT + 1, UPLOAD_LIMIT):
        headers = [FORM, who, (b"content-length", str(size).encode())]
        seen = exchange(*headers, messages=chunk(b"x" * 5, b"x" * (size - 5)))
        assert (seen.status, seen.body) == (200, b"x" * size)


@pytest.mark.parametrize("who", [NAMED, SIGNED_IN])
def test_a_form_longer_than_an_upload_is_refused_unread(who: tuple[bytes, bytes]) -> None:
    length = (b"content-length", str(UPLOAD_LIMIT + 1).encode())
    seen = exchange(FORM, who, length, messages=chunk(b"x" * (UPLOAD_LIMIT + 1)))
    check_refusal(seen, limit=UPLOAD_LIMIT)
    assert seen.reads == 0


NO_UPLOADS = {
    "nobody": [FORM],
    "no form": [NAMED, (b"content-type", b"application/json")],
    "another form": [NAMED, (b"content-type", b"application/x-www-form-urlencoded")],
    "no type": [NAMED, SIGNED_IN],
    "a type within another": [NAMED, (b"content-type", b"text/plain; a=multipart/form-data")],
}


@pytest.mark.parametrize("what", NO_UPLOADS)
def test_what_is_no_upload_of_somebody_may_be_no_longer_than_others(what: str) -> None:
    length = (b"content-length", str(LIMIT + 1).encode())
    seen = exchange(*NO_UPLOADS[what], length, messages=chunk(b"x" * (LIMIT + 1)))
    check_refusal(seen)
    assert seen.reads == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", FILES),
        ("POST", "/api/v1/edges"),
        ("POST", "/admin/login/"),
        ("POST", f"{FILES}/more"),
        ("POST", "/api/v1/projects/a/b/files"),
    ],
)
def test_elsewhere_a_form_may_be_no_longer_than_others(method: str, path: str) -> None:
    headers = [FORM, NAMED, (b"content-length", str(LIMIT + 1).encode())]
    seen = exchange(*headers, messages=chunk(b"x" * (LIMIT + 1)), method=method, path=path)
    check_refusal(seen, path=path)


@pytest.mark.parametrize("length", [[], [(b"content-length", b"11")]])
def test_a_form_in_chunks_may_be_no_longer_than_others(length: list[tuple[bytes, bytes]]) -> None:
    seen = exchange(FORM, NAMED, CHUNKED, *length, messages=chunk(b"x" * 11, b"y"))
    check_refusal(seen)
    assert seen.reads == 1


def test_a_body_that_breaks_off_is_not_taken_for_whole() -> None:
    seen = exchange(CHUNKED, messages=chunk(b"abc", b"def")[:1])
    assert seen.reads == 2
    assert seen.disconnects == 1 or seen.scope is None


def test_after_a_body_in_chunks_the_application_sees_the_disconnect() -> None:
    received: list[Message] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        received.extend([await receive(), await receive()])

    coming = iter([*chunk(b"ab", b"c"), {"type": "http.disconnect"}])

    async def receive() -> Message:
        return next(coming)

    async def send(message: Message) -> None:
        pytest.fail(f"nobody answers: {message}")

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": [CHUNKED]}
    asyncio.run(serve(application, scope, receive, send))
    assert received == [
        {"type": "http.request", "body": b"abc", "more_body": False},
        {"type": "http.disconnect"},
    ]


def test_the_scope_of_the_server_is_not_altered() -> None:
    headers = [CHUNKED]
    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    coming = iter(chunk(b"abc"))

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        assert len(scope["headers"]) == 2

    async def receive() -> Message:
        return next(coming)

    async def send(message: Message) -> None:
        pytest.fail(f"nobody answers: {message}")

    asyncio.run(serve(application, scope, receive, send))
    assert scope == {"type": "http", "method": "POST", "path": "/", "headers": headers}
    assert headers == [CHUNKED]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=6), min_size=1, max_size=6))
def test_chunks_pass_exactly_when_their_sum_does(parts: Iterable[bytes]) -> None:
    parts = list(parts)
    whole = b"".join(parts)
    seen = exchange(CHUNKED, messages=chunk(*parts))
    if len(whole) > LIMIT:
        check_refusal(seen)
    else:
        assert (seen.status, seen.body) == (200, whole)
        assert seen.get_header(b"content-length") == str(len(whole)).encode()
