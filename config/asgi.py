"""The ASGI application."""

import os
from urllib.parse import unquote_to_bytes

import django
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

from config.bodies import Receive, Scope, Send, bound_bodies
from config.collector import calm_collector
from config.telemetry import start_telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


POOL_WAIT_S = 30
"""What a request waits for a free connection before it is answered 503: as long as the longest
statement may take that holds one."""


def lend_connections() -> None:
    """Let the requests of this process share a few connections to PostgreSQL.

    Each is answered in a thread of its own; a connection that outlives its request, as those of
    workers do, would stay with a thread that nobody uses again, until the server refuses more.
    """
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.postgresql":
        database["CONN_MAX_AGE"] = 0
        database["OPTIONS"]["pool"] = {
            "min_size": 1,
            "max_size": settings.WEB_CONNECTIONS,
            "timeout": POOL_WAIT_S,
        }


lend_connections()
django.setup(set_prefix=False)
start_telemetry(service="web")  # before the middleware is loaded, which it adds to
_django = get_asgi_application()
# After Django is set up: it imports models.
from propagation.sockets.routing import route_socket  # noqa: E402


def keep_encoded_slashes(raw_path: bytes) -> str:
    """Return the decoded path in which an encoded slash or percent sign stays encoded.

    Codes are opaque and may hold a slash; decoded, it could not be told from one that separates
    two segments. `propagation.api.codes.CodeConverter` decodes the two that are left.
    """
    kept = raw_path.replace(b"%25", b"%2525").replace(b"%2F", b"%252F").replace(b"%2f", b"%252F")
    return unquote_to_bytes(kept).decode("utf-8", errors="replace")


async def _keep_path(scope: Scope, receive: Receive, send: Send) -> None:
    raw_path = scope.get("raw_path")
    if raw_path is not None and b"%" in raw_path:
        scope = {**scope, "path": keep_encoded_slashes(raw_path)}
    await _django(scope, receive, send)  # type: ignore[arg-type]


_http = bound_bodies(
    _keep_path,
    limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    upload_limit=settings.UPLOAD_MAX_BYTES,
)
calm_collector()
application = ProtocolTypeRouter({"http": _http, "websocket": AuthMiddlewareStack(route_socket)})
