"""Send one message, and say what was answered; no database, so that nothing waits for a network."""

import ssl
import time
from dataclasses import dataclass, field
from functools import cache

import httpcore
import httpx

from propagation.webhooks.address import AddressRefusedError, Allowed, read_target
from propagation.webhooks.outside import (
    CONNECT_TIMEOUT_S,
    CheckedBackend,
    Deadline,
    Resolve,
    resolve_name,
)

TIMEOUT_S = 15.0
"""From the first packet to the last, whatever the receiver does."""
MAX_READ_BYTES = 65_536
KEPT_BYTES = 1024
LONGEST_ERROR = 500
USER_AGENT = "Continuity-Webhooks/1.0"


@cache
def make_tls() -> ssl.SSLContext:
    """Return the certificates that are trusted: of SSL_CERT_FILE, or the usual ones."""
    return httpx.create_ssl_context()


@dataclass(frozen=True, kw_only=True)
class Outside:
    """How what is outside is reached. allowed: what of the house counts as outside."""

    allowed: Allowed = field(default_factory=Allowed)
    resolve: Resolve = resolve_name
    tls: ssl.SSLContext = field(default_factory=make_tls)
    timeout_s: float = TIMEOUT_S


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A signed message and where it goes."""

    url: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back. status: None when nothing did, and then `error` says why."""

    status: int | None = None
    error: str = ""
    duration_ms: int = 0
    text: str = ""
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the receiver took the message; a redirect takes nothing."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004


def send_letter(letter: Letter, outside: Outside) -> Answer:
    """POST the message once, and return what came of it; raises nothing that has to do with it."""
    began = time.monotonic()
    try:
        status, headers, text = _post(letter, outside)
    except AddressRefusedError as error:
        return Answer(error=_shorten(str(error)), duration_ms=_count_ms(began))
    except (httpcore.TimeoutException, TimeoutError):
        error_text = f"no answer within {outside.timeout_s:g} s"
        return Answer(error=error_text, duration_ms=_count_ms(began))
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        found = _shorten(f"{type(error).__name__}: {error}")
        return Answer(error=found, duration_ms=_count_ms(began))
    return Answer(
        status=status,
        error="" if 200 <= status < 300 else f"answered {status}",  # noqa: PLR2004
        duration_ms=_count_ms(began),
        text=text,
        retry_after=headers.get(b"retry-after", b"").decode("latin-1")[:100] or None,
    )


def _post(letter: Letter, outside: Outside) -> tuple[int, dict[bytes, bytes], str]:
    target = read_target(letter.url, outside.allowed)
    url = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
    backend = CheckedBackend(
        target=target,
        allowed=outside.allowed,
        deadline=Deadline(outside.timeout_s),
        resolve=outside.resolve,
    )
    headers = {
        "host": target.authority,
        "content-type": "application/json",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
        "user-agent": USER_AGENT,
        **letter.headers,
    }
    with (
        httpcore.HTTPConnection(
            origin=url.origin, ssl_context=outside.tls, network_backend=backend
        ) as connection,
        connection.stream(
            "POST",
            url,
            headers=list(headers.items()),
            content=letter.body.encode(),
            extensions={"timeout": {"connect": CONNECT_TIMEOUT_S}},
        ) as response,
    ):
        # Before the body: a status is an answer, however much or little comes after it.
        found = {name.lower(): value for name, value in response.headers}
        return response.status, found, _read_text(response)


def _read_text(response: httpcore.Response) -> str:
    """Return the beginning of the answer's body, for people."""
    read = bytearray()
    try:
        for chunk in response.iter_stream():
            read += chunk
            if len(read) >= MAX_READ_BYTES:
                break
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError):
        pass  # whoever answered 200 and then hangs has taken the message
    return bytes(read[:KEPT_BYTES]).decode(errors="replace").replace("\0", "")


def _shorten(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\0", "")[:LONGEST_ERROR]


def _count_ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
