"""Sending one message to a real receiver, whatever that does."""

import socket
import ssl
import time
from ipaddress import ip_address
from pathlib import Path

import pytest

from propagation.webhooks.address import Address, Allowed, read_allowed
from propagation.webhooks.sending import (
    KEPT_BYTES,
    USER_AGENT,
    Answer,
    Letter,
    Outside,
    send_letter,
)
from tests.propagation.webhooks.receiver import (
    Receiver,
    Reply,
    answer,
    drip,
    flood,
    hang_up,
    make_outside,
    receive,
    stall,
    stall_after_answering,
)

CERTIFICATE = Path(__file__).with_name("hooks.test.pem")
"""Of hooks.test, for a hundred years, and its key; whoever knows it can be hooks.test, no more."""
HEADERS = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
SHORT_S = 0.4


def send(url: str, outside: Outside | None = None) -> Answer:
    letter = Letter(url=url, headers=HEADERS, body='{"a":1}')
    return send_letter(letter, outside or make_outside())


def resolve_to(*texts: str) -> "CountedResolver":
    return CountedResolver([[ip_address(text) for text in texts]])


class CountedResolver:
    """A DNS that answers otherwise each time; the last answer for ever."""

    def __init__(self, answers: list[list[Address]]) -> None:
        self.answers, self.asked = answers, list[str]()

    def __call__(self, host: str, port: int) -> list[Address]:
        """Return the next answer."""
        del port
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_a_message_arrives_as_it_was_signed() -> None:
    with receive() as receiver:
        found = send(receiver.url)
        got = receiver.wait()
    assert (found.status, found.is_success, found.error) == (204, True, "")
    assert (got.path, got.body) == ("/in?x=1", '{"a":1}')
    assert got.headers.items() >= HEADERS.items()
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"] == USER_AGENT


@pytest.mark.parametrize("status", [200, 201, 204, 299, 301, 302, 307, 400, 404, 410, 429, 500])
def test_only_a_2xx_is_a_success_and_nothing_is_followed(status: int) -> None:
    with receive() as trap:
        moved = answer(status, Location=trap.url)
        with receive(moved) as receiver:
            found = send(receiver.url)
        assert not trap.received
    assert (found.status, found.is_success) == (status, status < 300)
    assert found.error == ("" if status < 300 else f"answered {status}")
    assert len(receiver.received) == 1


@pytest.mark.parametrize("trick", [stall, drip])
def test_a_receiver_that_takes_too_long_is_left(trick: Reply) -> None:
    with receive(trick) as receiver:
        began = time.monotonic()
        found = send(receiver.url, make_outside(SHORT_S))
        took = time.monotonic() - began
    assert (found.status, found.error) == (None, "no answer within 0.4 s")
    assert SHORT_S <= took < 4 * SHORT_S


def test_whoever_answers_and_then_hangs_has_taken_it() -> None:
    with receive(stall_after_answering) as receiver:
        found = send(receiver.url, make_outside(SHORT_S))
    assert (found.status, found.text) == (200, "ok")


def test_of_a_huge_answer_little_is_read_and_less_kept() -> None:
    with receive(flood) as receiver:
        found = send(receiver.url)
    assert found.is_success
    assert len(found.text) == KEPT_BYTES - 1
    assert "\0" not in found.text


def test_a_connection_that_is_closed_is_a_failure() -> None:
    with receive(hang_up) as receiver:
        found = send(receiver.url)
    assert found.status is None
    assert "RemoteProtocolError" in found.error


def test_where_nobody_listens_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = send(f"http://127.0.0.1:{port}/")
    assert found.status is None
    assert "ConnectError" in found.error


def test_what_a_receiver_asks_for_is_told() -> None:
    with receive(answer(429, b"slowly", Retry_After="7")) as receiver:
        found = send(receiver.url)
    assert (found.status, found.retry_after, found.text) == (429, "7", "slowly")


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "::1", "224.0.0.1"])
def test_nothing_is_dialled_when_a_name_leads_inside(inside: str) -> None:
    with receive() as receiver:
        outside = Outside(resolve=resolve_to("8.8.8.8", inside))
        found = send("https://hooks.example.com:8443/", outside)
        assert not receiver.received
    assert found.error == "hooks.example.com does not lead outside."


def test_a_name_without_an_address_is_a_failure() -> None:
    found = send("https://hooks.example.com/", Outside(resolve=resolve_to()))
    assert found.error == "hooks.example.com has no address."


def test_a_dns_that_fails_is_a_failure() -> None:
    def resolve(host: str, port: int) -> list[Address]:
        raise socket.gaierror(host, port)

    found = send("https://hooks.example.com/", Outside(resolve=resolve))
    assert found.error == "ConnectError: the name has no address"


def test_a_dns_that_hangs_holds_up_nobody() -> None:
    with receive(stall) as receiver:

        def resolve(host: str, port: int) -> list[Address]:
            del host, port
            receiver.is_over.wait(20)
            return []

        found = send("https://hooks.example.com/", Outside(resolve=resolve, timeout_s=SHORT_S))
    assert found.error == "no answer within 0.4 s"


def test_a_url_that_is_not_allowed_any_more_is_not_dialled() -> None:
    with receive() as receiver:
        found = send(receiver.url, Outside(allowed=Allowed()))
        assert not receiver.received
    assert found.error == "A webhook leads to an https URL."


def make_tls_pair() -> tuple[ssl.SSLContext, ssl.SSLContext, list[str | None]]:
    """Return the contexts of a server and a client, and the names that the client asks for."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(CERTIFICATE)
    names: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: names.append(name)
    return server, ssl.create_default_context(cafile=str(CERTIFICATE)), names


def send_by_tls(host: str, receiver: Receiver, tls: ssl.SSLContext, resolve: object) -> Answer:
    outside = Outside(
        allowed=read_allowed([host]),
        resolve=resolve,  # type: ignore[arg-type]
        tls=tls,
        timeout_s=5,
    )
    return send(f"https://{host}:{receiver.port}/in", outside)


def test_a_name_is_asked_for_once_and_its_certificate_is_checked_against_the_name() -> None:
    """Whoever answers another address the second time is not asked a second time."""
    server, client, names = make_tls_pair()
    resolve = CountedResolver([[ip_address("127.0.0.1")], [ip_address("127.0.0.2")]])
    with receive(tls=server) as receiver:
        found = send_by_tls("hooks.test", receiver, client, resolve)
    assert (found.status, found.error) == (204, "")
    assert resolve.asked == ["hooks.test"]
    assert names == ["hooks.test"]
    assert receiver.wait().headers["host"] == f"hooks.test:{receiver.port}"


def test_a_certificate_of_another_name_is_refused() -> None:
    server, client, _ = make_tls_pair()
    with receive(tls=server) as receiver:
        found = send_by_tls("other.test", receiver, client, resolve_to("127.0.0.1"))
        assert not receiver.received
    assert "CERTIFICATE_VERIFY_FAILED" in found.error


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    server, _, _ = make_tls_pair()
    with receive(tls=server) as receiver:
        untrusting = ssl.create_default_context()
        found = send_by_tls("hooks.test", receiver, untrusting, resolve_to("127.0.0.1"))
        assert not receiver.received
    assert "CERTIFICATE_VERIFY_FAILED" in found.error


def test_of_several_addresses_one_that_answers_is_enough() -> None:
    with receive() as receiver:
        outside = Outside(
            allowed=read_allowed(["hooks.test"]), resolve=resolve_to("127.0.0.2", "127.0.0.1")
        )
        found = send(f"http://hooks.test:{receiver.port}/", outside)
    assert found.status == 204


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receive() as proxy, receive() as receiver:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert send(receiver.url).status == 204
        assert not proxy.received
