"""What is traced, and how; needs the packages of requirements/telemetry.txt."""

from django.http import HttpRequest, HttpResponse
from opentelemetry import trace as api
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span

from propagation.api.routes import name_route

PATHS = ("http.url", "http.target", "url.full", "url.path", "url.query")
"""Attributes that hold ids and tokens: they get the route."""
PERSONAL = (
    "http.user_agent",
    "user_agent.original",
    "net.peer.ip",
    "net.peer.port",
    "client.address",
    "client.port",
    "network.peer.address",
    "network.peer.port",
)
UNTRACED = "health/,static/"
FLUSH_MS = 3000


def trace(*, service: str) -> None:
    """Trace requests, tasks, statements and what is said to Redis, under this name."""
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    api.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(response_hook=hide_personal, excluded_urls=UNTRACED)
    CeleryInstrumentor().instrument()
    PsycopgInstrumentor().instrument()
    SQLite3Instrumentor().instrument()
    RedisInstrumentor().instrument()


def hide_personal(span: Span, request: HttpRequest, response: HttpResponse) -> None:
    """Leave of a request in its span what may be known: the method, the route, the status."""
    del response
    for name in PATHS:
        if name in getattr(span, "attributes", {}):
            span.set_attribute(name, name_route(request))
    for name in PERSONAL:
        if name in getattr(span, "attributes", {}):
            span.set_attribute(name, "")


def flush() -> None:
    """Send what waits to be sent."""
    provider = api.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.force_flush(FLUSH_MS)
