"""Where a request comes from, behind as many proxies as the installation says."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def find_address(request: HttpRequest) -> str | None:
    """Return the client's IP address; None where there is none, as on a unix socket.

    The last entries of X-Forwarded-For were written by our own proxies, of which there are
    NUM_PROXIES; those before are whatever the client likes, and without proxies the whole header.
    """
    proxies: int = settings.NUM_PROXIES
    forwarded = [one.strip() for one in request.headers.get("X-Forwarded-For", "").split(",")]
    is_forwarded = proxies and len(forwarded) >= proxies and forwarded[-proxies]
    found = forwarded[-proxies] if is_forwarded else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(found))
    except ValueError:
        return None


def find_network(request: HttpRequest) -> str:
    """Return what stands for a client that is nobody yet: of IPv6 the /64, which is one house."""
    address = find_address(request)
    if address is None:
        return "unknown"
    read = ip_address(address)
    if not isinstance(read, IPv6Address):
        return address
    mapped = read.ipv4_mapped
    return str(mapped) if mapped else str(IPv6Address(int(read) >> 64 << 64))
