"""Who may connect: people by their session and from our own pages only, programs by a ticket."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth.models import User
from django.http.request import validate_host
from django.utils import timezone
from django.utils.http import is_same_domain

from propagation.services.socket_tickets import Holder, redeem_ticket
from propagation.sockets.database import in_database
from propagation.sockets.guest import Guest

Scope = Mapping[str, Any]


async def admit(scope: Scope) -> Guest | None:
    """Return who connects; None when they may not.

    A browser sends a session's cookie along whichever page connects, so the page has to be ours
    (cross-site WebSocket hijacking). A ticket is not sent by itself, so its holder may be anywhere.
    """
    (ticket,) = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [""])[:1]
    if ticket:
        holder = await in_database(lambda: redeem_ticket(text=ticket, at=timezone.now()))
        return _make_guest(holder) if holder else None
    if not is_from_here(scope) or not scope["user"].is_authenticated:
        return None
    user = await in_database(lambda: User.objects.filter(pk=scope["user"].pk).first())
    if user is None:
        return None
    session_key = scope["session"].session_key
    return Guest(user=user, session_key=session_key, auth_hash=user.get_session_auth_hash())


def _make_guest(holder: Holder) -> Guest:
    return Guest(user=holder.user, token_digest=holder.token_digest, may_write=holder.may_write)


def is_from_here(scope: Scope) -> bool:
    """Tell whether a page of ours, or one of CSRF_TRUSTED_ORIGINS, asks for the connection."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")
    host = headers.get(b"host", b"").decode("latin-1")
    scheme = "https" if _is_secure(scope["scheme"], headers) else "http"
    name = host.rpartition(":")[0] if _has_port(host) else host
    if origin == f"{scheme}://{host}" and validate_host(name, settings.ALLOWED_HOSTS):
        return True
    return any(_fits(origin, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS)


def _is_secure(scheme: str, headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether the client uses TLS, by our proxy's word where there is one, as Django does."""
    if settings.SECURE_PROXY_SSL_HEADER is None:
        return scheme == "wss"
    name, value = settings.SECURE_PROXY_SSL_HEADER
    raw = name.removeprefix("HTTP_").replace("_", "-").lower().encode()
    said: bytes = headers.get(raw, b"")
    return said.split(b",")[0].strip() == value.encode()


def _fits(origin: str, trusted: str) -> bool:
    """Tell whether a trusted origin, which may begin with *. as Django has it, is this one."""
    scheme, _, pattern = trusted.partition("://")
    if not pattern.startswith("*."):
        return origin == trusted
    return origin.startswith(f"{scheme}://") and is_same_domain(
        origin.partition("://")[2], pattern[1:]
    )


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdigit() and not host.endswith("]")
