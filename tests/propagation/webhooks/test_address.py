"""Webhooks lead outside: hostile URLs, hostile answers of the DNS, and what an operator allows."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propagation.webhooks.address import (
    AddressRefusedError,
    Allowed,
    check_addresses,
    is_outside,
    read_allowed,
    read_target,
)

NOTHING = Allowed()
HOSTILE = [
    "",
    "hooks.example.com",
    "//hooks.example.com/",
    "https://",
    "https:///etc",
    "https:/hooks.example.com",
    "http://hooks.example.com/",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "gopher://hooks.example.com/",
    "https://hooks.example.com:22/",
    "https://hooks.example.com:80/",
    "https://hooks.example.com:6379/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:x/",
    "https://user:secret@hooks.example.com/",
    "https://user@hooks.example.com/",
    "https://@hooks.example.com/",
    "https://hooks.example.com/#top",
    "https://hooks.example.com\\@127.0.0.1/",
    "https://127.0.0.1\\.hooks.example.com/",
    "https://hooks.example.com /",
    "https://hooks.example.com/\r\nX-Evil: 1",
    "https://hooks.example.com/\t",
    "https://hooks.example.com%00.evil.example/",
    "https://%31%32%37.0.0.1/",
    "https://hooks..example.com/",
    "https://-hooks.example.com/",
    "https://hooks.example.com./",
    f"https://{'a' * 64}.example.com/",
    f"https://{'a.' * 130}com/",
    f"https://hooks.example.com/{'a' * 2000}",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://hooks.localhost/",
    "https://redis/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://router.home.arpa/",
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://127.0.0.0x1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0/",
    "https://0.0.0.0/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://10.0.0.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.0.0.8/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://192.168.1.1/",
    "https://198.18.0.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://224.0.0.1/",
    "https://239.255.255.255/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::10.0.0.1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[100::1]/",
    "https://[2001::7f00:1]/",
    "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
    "https://[2001:10::1]/",
    "https://[2001:db8::1]/",
    "https://[2002:7f00:1::]/",
    "https://[3fff::1]/",
    "https://[5f00::1]/",
    "https://[fc00::1]/",
    "https://[fd12:3456::1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[2606:4700::1111%25eth0]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[::1/",
    "https://::1/",
]
GOOD = [
    ("https://hooks.example.com/in", "hooks.example.com", 443, "/in"),
    ("HTTPS://Hooks.Example.com", "hooks.example.com", 443, "/"),
    ("https://hooks.example.com:8443/a/b?c=d&e", "hooks.example.com", 8443, "/a/b?c=d&e"),
    ("https://hooks.example.com?c=/d", "hooks.example.com", 443, "/?c=/d"),
    ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/"),
    ("https://127.0.0.1.example.com/", "127.0.0.1.example.com", 443, "/"),
    ("https://8.8.8.8:443/", "8.8.8.8", 443, "/"),
    ("https://[2606:4700::1111]/", "2606:4700::1111", 443, "/"),
    ("https://[64:ff9b::808:808]/", "64:ff9b::808:808", 443, "/"),
]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_is_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        read_target(url, NOTHING)


@pytest.mark.parametrize(("url", "host", "port", "path"), GOOD)
def test_a_url_that_leads_outside_is_taken_apart(url: str, host: str, port: int, path: str) -> None:
    target = read_target(url, NOTHING)
    assert (target.host, target.port, target.path) == (host, port, path)
    assert (target.scheme, target.is_trusted) == ("https", False)


@given(st.text() | st.text().map("https://{}".format))
def test_any_text_is_a_target_or_refused(url: str) -> None:
    try:
        target = read_target(url, NOTHING)
    except AddressRefusedError:
        return
    assert target.host.isascii()
    assert target.port in {443, 8443}


def test_the_traps_of_the_standard_library_are_known() -> None:
    """Whatever Python says of them, nothing is sent there."""
    for text in ("224.0.0.1", "192.0.0.8", "64:ff9b::7f00:1", "::ffff:10.0.0.1"):
        assert not is_outside(ip_address(text))


ANSWERS = [
    [],
    ["127.0.0.1"],
    ["8.8.8.8", "10.0.0.1"],
    ["2606:4700::1111", "::1"],
    ["8.8.8.8", "fe80::1%eth0"],
    ["224.0.0.1"],
    ["169.254.169.254"],
    ["64:ff9b::a9fe:a9fe"],
    ["::ffff:192.168.0.1"],
]


@pytest.mark.parametrize("addresses", ANSWERS)
def test_one_address_inside_is_enough_to_refuse_a_name(addresses: list[str]) -> None:
    target = read_target("https://hooks.example.com/", NOTHING)
    found = [ip_address(text) for text in addresses]
    with pytest.raises(AddressRefusedError) as refused:
        check_addresses(target, found, NOTHING)
    assert not any(text in str(refused.value) for text in addresses)


def test_a_name_with_addresses_outside_is_fine() -> None:
    target = read_target("https://hooks.example.com/", NOTHING)
    check_addresses(target, [ip_address("8.8.8.8"), ip_address("2606:4700::1111")], NOTHING)


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:9000/in"),
        ("127.0.0.1:9000", "http://127.0.0.1:9000/in"),
        ("10.0.0.0/8", "http://10.1.2.3/in"),
        ("10.1.2.3/8", "https://10.9.9.9:1234/in"),
        ("::1", "http://[::1]:9000/in"),
        ("[::1]", "http://[::1]:9000/in"),
        ("[::1]:9000", "http://[::1]:9000/in"),
        ("render.local", "http://render.local:9000/in"),
        (" Render.LOCAL:9000 ", "http://render.local:9000/in"),
        ("localhost", "http://localhost:9000/"),
    ],
)
def test_an_operator_lets_webhooks_lead_into_the_house(entry: str, url: str) -> None:
    allowed = read_allowed(["", entry])
    target = read_target(url, allowed)
    assert target.is_trusted
    check_addresses(target, [ip_address("127.0.0.1")], allowed)


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1", "http://127.0.0.2:9000/"),
        ("127.0.0.1:9000", "http://127.0.0.1:9001/"),
        ("10.0.0.0/8", "http://11.0.0.1/"),
        ("10.0.0.0/8", "http://render.example.com/"),
        ("10.0.0.0/8", "http://[::ffff:10.0.0.1]/"),
        ("render.local", "http://evil.render.local/"),
        ("render.local", "http://render.local.evil.example/"),
        ("render.local", "ftp://render.local/"),
        ("render.local", "http://render.local:0/"),
        ("render.local", "http://user@render.local/"),
    ],
)
def test_and_no_further(entry: str, url: str) -> None:
    with pytest.raises(AddressRefusedError):
        read_target(url, read_allowed([entry]))


def test_a_name_may_lead_to_an_allowed_network_by_https() -> None:
    allowed = read_allowed(["10.0.0.0/8"])
    target = read_target("https://render.example.com/", allowed)
    check_addresses(target, [ip_address("10.0.0.1")], allowed)
    with pytest.raises(AddressRefusedError):
        check_addresses(target, [ip_address("10.0.0.1"), ip_address("127.0.0.1")], allowed)


def test_the_host_header_names_a_port_that_is_not_the_usual_one() -> None:
    allowed = read_allowed(["::1"])
    assert read_target("https://hooks.example.com:443/", allowed).authority == "hooks.example.com"
    assert read_target("https://a.example:8443/", allowed).authority == "a.example:8443"
    assert read_target("http://[::1]:9000/", allowed).authority == "[::1]:9000"
