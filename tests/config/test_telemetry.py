"""Traces: where to, what of, and what is said when nothing can be traced."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

import httpx
import pytest
from django.conf import settings

from assets.models import Role
from config.environment import PROJECT_ROOT
from config.telemetry import start_telemetry
from tests.builders import load, make_user, star
from tests.processes import ROOT, START_LIMIT_S, make_environment
from tests.propagation.api.asking import make_token
from tests.server import run_server

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def test_without_an_endpoint_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENDPOINT, raising=False)
    assert not start_telemetry(service="web")
    assert "config.tracing" not in sys.modules


def test_an_endpoint_without_the_packages_is_an_error_that_says_how_to_get_them() -> None:
    script = (
        "import sys; sys.modules['opentelemetry'] = None; import django; django.setup();"
        "from config.telemetry import start_telemetry; print(start_telemetry(service='web'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**make_environment(), ENDPOINT: "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
    assert "nothing is traced" in done.stderr
    assert "requirements/telemetry.txt" in done.stderr


def test_the_packages_are_pinned_by_hash_and_as_the_application_has_them() -> None:
    def read_pins(name: str) -> dict[str, str]:
        lines = (PROJECT_ROOT / name).read_text().splitlines()
        pins = [line.split(" ")[0].partition("==") for line in lines if "==" in line]
        return {package: version for package, _, version in pins}

    own, shared = read_pins("requirements/telemetry.txt"), read_pins("requirements.txt")
    assert "opentelemetry-sdk" in own
    assert {name for name in own.keys() & shared.keys() if own[name] != shared[name]} == set()
    text = (PROJECT_ROOT / "requirements/telemetry.txt").read_text()
    assert text.count("--hash=sha256:") >= len(own)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A step of a trace, as it was sent."""

    service: str
    name: str
    trace: bytes
    attributes: dict[str, str]


@dataclass
class Receiver:
    """Takes what OpenTelemetry sends over HTTP."""

    spans: list[Span] = field(default_factory=list)
    came: Condition = field(default_factory=Condition)
    url: str = ""

    def take(self, body: bytes) -> None:
        """Keep the spans of a request."""
        from opentelemetry.proto.collector.trace.v1 import (  # noqa: PLC0415 (optional)
            trace_service_pb2,
        )

        for resource in trace_service_pb2.ExportTraceServiceRequest.FromString(body).resource_spans:
            labels = {one.key: one.value.string_value for one in resource.resource.attributes}
            found = [
                Span(
                    service=labels["service.name"],
                    name=span.name,
                    trace=span.trace_id,
                    attributes={one.key: str(one.value) for one in span.attributes},
                )
                for scope in resource.scope_spans
                for span in scope.spans
            ]
            with self.came:
                self.spans += found
                self.came.notify_all()

    def wait_for(self, is_wanted: Callable[[Span], bool]) -> Span:
        """Return the first span that is wanted, once it came."""
        with self.came:
            self.came.wait_for(lambda: any(map(is_wanted, self.spans)), timeout=START_LIMIT_S)
            return next(filter(is_wanted, self.spans))


@contextmanager
def run_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            receiver.take(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def run_worker(environment: dict[str, str]) -> Iterator[None]:
    read_end, write_end = os.pipe()
    with (settings.HOME / "worker-traced.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.worker", "background", str(write_end)],
            cwd=ROOT,
            env={**make_environment(), **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[write_end],
        )
    os.close(write_end)
    try:
        assert os.read(read_end, 1)
        yield
    finally:
        os.close(read_end)
        process.terminate()
        process.wait(timeout=START_LIMIT_S)


def runs(span: Span, *, trace: bytes, task: str) -> bool:
    return (span.trace, span.name) == (trace, f"run/propagation.{task}")


@pytest.mark.django_db(transaction=True)
def test_one_trace_leads_from_a_request_into_its_tasks_and_statements() -> None:
    pytest.importorskip(
        "opentelemetry.sdk", reason="requirements/telemetry.txt is not installed: no traces tried"
    )
    load(star(3))
    make_user("ann", roles={"film": Role.ARTIST})
    token = make_token("ann")
    with run_receiver() as receiver:
        traced = {ENDPOINT: receiver.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        with run_worker(traced), run_server(traced) as server:
            headers = {"Authorization": f"Bearer {token}", "User-Agent": "curious/1.0"}
            with httpx.Client(headers=headers, trust_env=False, timeout=START_LIMIT_S) as client:
                answer = client.post(
                    f"{server.url}/assets/hero/propagate?dry_run=false",
                    json={"change_data": {"colour": "blue"}},
                )
                assert answer.status_code == 202, answer.text
            request = receiver.wait_for(lambda span: span.name.startswith("POST api/v1/assets/"))
            for task in ("continue_run", "apply_batch"):
                done = receiver.wait_for(partial(runs, trace=request.trace, task=task))
    assert (request.service, done.service) == ("continuity-web", "continuity-worker")
    of_trace = [span for span in receiver.spans if span.trace == request.trace]
    systems = {span.attributes.get("db.system", "") for span in of_trace}
    assert any("redis" in one for one in systems)
    assert any("sqlite" in one or "postgresql" in one for one in systems)
    written = " ".join(f"{span.name} {span.attributes}" for span in receiver.spans)
    for secret in (token, "curious", "dry_run", "blue", "assets/hero"):
        assert secret not in written, secret
