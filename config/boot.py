"""What must not be served to others: found by `manage.py check`, and before the web server starts.

`migrate` runs the checks, and in docker-compose everything else waits for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004

SHORTEST_SECRET, FEWEST_CHARACTERS = 50, 5
"""As Django's own check has it (security.W009)."""


@dataclass(frozen=True, kw_only=True)
class Danger:
    """Why this installation may not be served, and what to do."""

    id: str
    text: str


def find_dangers(*, hosts: Iterable[str]) -> list[Danger]:
    """Return what is wrong with serving at these hosts; nothing where only this machine asks."""
    if all(is_loopback(host) for host in hosts):
        return []
    found = []
    if settings.DEBUG:
        text = "DEBUG shows settings and data to everybody; unset it, or serve on 127.0.0.1 only."
        found.append(Danger(id="continuity.E001", text=text))
    secret = settings.SECRET_KEY
    is_short = len(secret) < SHORTEST_SECRET or len(set(secret)) < FEWEST_CHARACTERS
    if is_short or secret.startswith("django-insecure-"):
        text = (
            f"SECRET_KEY can be guessed, and with it every session: set one of {SHORTEST_SECRET} "
            "random characters or more."
        )
        found.append(Danger(id="continuity.E002", text=text))
    return found


def is_loopback(host: str) -> bool:
    """Tell whether a host of ALLOWED_HOSTS, of a URL or of a socket is this machine itself."""
    name = host.strip("[]")
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


@register(Tags.security)
def check_boot(**_: Any) -> list[CheckMessage]:  # noqa: ANN401 (Django's signature)
    """Report the dangers as errors, which no command passes."""
    hosts = [*settings.ALLOWED_HOSTS, urlsplit(settings.PUBLIC_URL).hostname or ""]
    return [Error(danger.text, id=danger.id) for danger in find_dangers(hosts=hosts)]


@register(Tags.security, deploy=True)
def check_proxy(**_: Any) -> list[CheckMessage]:  # noqa: ANN401 (Django's signature)
    """Warn of a redirect to https that never ends: the web server itself speaks http only."""
    if not settings.SECURE_SSL_REDIRECT or settings.SECURE_PROXY_SSL_HEADER:
        return []
    text = "CONTINUITY_URL is https, but nothing says that a request came by it."
    hint = "Let the proxy set a header, and name it: CONTINUITY_PROXY_SSL_HEADER=X-Forwarded-Proto."
    return [Warning(text, hint=hint, id="continuity.W001")]
