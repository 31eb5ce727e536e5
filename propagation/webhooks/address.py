"""Where webhooks may lead: outside, and not into the house (OWASP API7, server-side forgery).

What the text of a URL tells is refused when somebody enters it. What counts is the check of the
addresses that its name stands for at the moment of sending, which dials one of those and no other.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

PORTS = frozenset({443, 8443})
DEFAULT_PORTS = {"https": 443, "http": 80}
LONGEST_URL = 2000
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
LONGEST_NAME = 253
NAMES_OF_HOUSES = ("localhost", "local", "internal", "home.arpa")
"""Names, and all that ends in them, that never lead outside (RFC 6761, 6762, 8375)."""

# The special-purpose registries of IANA. `is_global` alone does not do: of Python 3.11.7 it holds
# for 224.0.0.1, for 192.0.0.8 and for IPv6 addresses that stand for 127.0.0.1.
NOT_OUTSIDE_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
UNICAST_V6 = IPv6Network("2000::/3")
"""All that is routed; mapped, compatible, local and multicast addresses lie beside it."""
NOT_OUTSIDE_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # Teredo and others that stand for something else
        "2001:db8::/32",
        "2002::/16",  # 6to4: stands for an IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
NAT64 = IPv6Network("64:ff9b::/96")
"""Where a network has only IPv6, all of IPv4 is in here; the last 32 bits are judged."""


class AddressRefusedError(Exception):
    """Webhooks may not lead there."""


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What of the house the operator lets webhooks lead to: hosts, host:port, and networks."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Target:
    """A URL taken apart. host: as it is dialled, a name or an address without brackets.

    is_trusted: the operator named it, so it may be any port and any address.
    """

    scheme: str
    host: str
    port: int
    path: str
    is_trusted: bool

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def read_allowed(texts: Iterable[str]) -> Allowed:
    """Read the operator's setting: `render.local`, `render.local:8080`, `10.0.0.0/8`, `::1`."""
    hosts, networks = set[str](), list[Network]()
    for text in filter(None, map(str.strip, texts)):
        try:
            networks.append(ip_network(text.strip("[]"), strict=False))
        except ValueError:
            hosts.add(text.lower())
    return Allowed(hosts=frozenset(hosts), networks=tuple(networks))


def read_target(url: str, allowed: Allowed) -> Target:
    """Take the URL apart; AddressRefusedError when its very text leads where none may."""
    if not re.fullmatch(r"[\x21-\x7e]+", url) or "\\" in url:
        raise AddressRefusedError(
            "A URL is ASCII without spaces and backslashes; write a host in its xn-- form."
        )
    if len(url) > LONGEST_URL:
        raise AddressRefusedError(f"A URL has at most {LONGEST_URL} characters.")
    try:
        parts = urlsplit(url)
        host, given_port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressRefusedError("This is no URL.") from error
    if parts.scheme not in DEFAULT_PORTS:
        raise AddressRefusedError("A webhook leads to an https URL.")
    if "@" in parts.netloc:
        raise AddressRefusedError("A URL with a user or a password is not taken.")
    if "#" in url:
        raise AddressRefusedError("A URL with a fragment is not taken.")
    port = DEFAULT_PORTS[parts.scheme] if given_port is None else given_port
    _check_host(host)
    target = Target(
        scheme=parts.scheme,
        host=host,
        port=port,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        is_trusted=_is_trusted(host, port, allowed),
    )
    if port == 0:
        raise AddressRefusedError("Nothing listens on port 0.")
    if not target.is_trusted:
        _check_outside(target, allowed)
    return target


def check_addresses(target: Target, addresses: Iterable[Address], allowed: Allowed) -> None:
    """Raise AddressRefusedError unless there are addresses, and all of them lie outside.

    One that does not is enough: who answers with both wants to be asked again. The message does
    not say which address it was: that is news about the inside.
    """
    found = list(addresses)
    if not found:
        raise AddressRefusedError(f"{target.host} has no address.")
    if not target.is_trusted and not all(is_reachable(one, allowed) for one in found):
        raise AddressRefusedError(f"{target.host} does not lead outside.")


def is_reachable(address: Address, allowed: Allowed) -> bool:
    """Tell whether the address lies outside, or where the operator allows it."""
    return is_outside(address) or _is_within(address, allowed.networks)


def is_outside(address: Address) -> bool:
    """Tell whether an address is one host's that anybody can reach from anywhere."""
    if isinstance(address, IPv4Address):
        return address.is_global and not _is_within(address, NOT_OUTSIDE_V4)
    if address.scope_id is not None:
        return False
    if address in NAT64:
        return is_outside(IPv4Address(address.packed[-4:]))
    return address in UNICAST_V6 and address.is_global and not _is_within(address, NOT_OUTSIDE_V6)


def _check_host(host: str) -> None:
    """Refuse what is neither a name as it stands in the DNS nor an address written plainly."""
    if ":" in host:
        if "%" not in host and _read_address(host) is not None:
            return
        raise AddressRefusedError("The host is no address.")
    labels = host.split(".")
    if len(host) > LONGEST_NAME or not all(re.fullmatch(LABEL, label) for label in labels):
        raise AddressRefusedError("The host is no name and no address.")
    # 127.1, 0177.0.0.1, 0x7f000001 and 2130706433 are 127.0.0.1 to many a resolver.
    is_number = re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]) is not None
    if is_number and _read_address(host) is None:
        raise AddressRefusedError("Write an address as four decimal numbers.")


def _check_outside(target: Target, allowed: Allowed) -> None:
    if target.scheme != "https":
        raise AddressRefusedError("A webhook leads to an https URL.")
    if target.port not in PORTS:
        raise AddressRefusedError(
            f"A webhook leads to port {' or '.join(map(str, sorted(PORTS)))}."
        )
    address = _read_address(target.host)
    if address is not None:
        check_addresses(target, [address], allowed)
    elif (
        "." not in target.host
        or target.host.endswith(tuple(f".{name}" for name in NAMES_OF_HOUSES))
        or target.host in NAMES_OF_HOUSES
    ):
        raise AddressRefusedError(f"{target.host} does not lead outside.")


def _is_trusted(host: str, port: int, allowed: Allowed) -> bool:
    written = f"[{host}]" if ":" in host else host
    if {host, f"{written}:{port}"} & allowed.hosts:
        return True
    address = _read_address(host)
    return address is not None and _is_within(address, allowed.networks)


def _is_within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == one.version and address in one for one in networks)


def _read_address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
