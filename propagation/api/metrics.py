"""GET metrics, as Prometheus reads them: of this process, and how things stand in the database."""

import math
from collections.abc import Iterable, Mapping

from django.http import HttpResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from propagation.api.negotiation import OneForm
from propagation.api.permissions import IsHouseStaff, TokenIsForIt
from propagation.live.queues import Broker, read_broker
from propagation.live.workers import COURIER, SCHEDULER
from propagation.services.queues import Work, read_work
from propagation.services.stock import Stock, read_stock


class MetricsView(APIView):
    """Counters and gauges; for staff, with a token or a session."""

    permission_classes = (IsAuthenticated, TokenIsForIt, IsHouseStaff)
    content_negotiation_class = OneForm

    def get(self, request: Request) -> HttpResponse:
        """Answer them in Prometheus' text format; a constant number of statements."""
        del request
        broker = read_broker()
        standing = Standing(work=read_work(at=timezone.now()), stock=read_stock(), broker=broker)
        registry = CollectorRegistry()
        registry.register(standing)
        text = generate_latest() + generate_latest(registry)
        return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


class Standing(Collector):
    """How things stand, the same whichever web process is asked. What nobody knows is left out."""

    def __init__(self, *, work: Work, stock: Stock, broker: Broker | None) -> None:
        self._work, self._stock, self._broker = work, stock, broker

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges."""
        yield from self._collect_stock()
        yield from self._collect_lanes()
        yield from self._collect_readers()
        yield from self._collect_broker()

    def _collect_stock(self) -> Iterable[Metric]:
        stock = self._stock
        yield _gauge("runs", "Runs by status.", "status", stock.runs)
        help_ = "Items of runs by state; not those that were pinned, released or superseded."
        yield _gauge("items", help_, "state", stock.items)
        ratio = math.nan if stock.cut_off is None else stock.cut_off
        yield GaugeMetricFamily(
            "continuity_cut_off_ratio",
            "Share of the processed items that were unchanged, where the wave stopped (0 to 1).",
            value=ratio,
        )
        yield _gauge(
            "webhook_deliveries",
            "Messages to webhooks that wait, or that were given up.",
            "state",
            stock.deliveries,
        )

    def _collect_lanes(self) -> Iterable[Metric]:
        lanes = self._work.lanes
        yield _gauge(
            "lane_queued",
            "Items of a lane that nobody has begun.",
            "lane",
            {name: lane.queued for name, lane in lanes.items()},
        )
        yield _gauge(
            "lane_running",
            "Items of a lane that somebody works on.",
            "lane",
            {name: lane.running for name, lane in lanes.items()},
        )
        yield _gauge(
            "lane_oldest_seconds",
            "Seconds that the oldest step of a lane waits for a worker; 0 when none does.",
            "lane",
            {name: lane.oldest_s or 0.0 for name, lane in lanes.items()},
        )
        yield _gauge(
            "lane_rate",
            "Items per second that a lane did in the last 20 seconds.",
            "lane",
            {name: lane.rate for name, lane in lanes.items()},
        )

    def _collect_readers(self) -> Iterable[Metric]:
        readers = self._work.readers
        yield _gauge(
            "events_behind",
            "Events that a reader of the log has not dealt with.",
            "reader",
            {name: one.events for name, one in readers.items()},
        )
        yield _gauge(
            "events_behind_seconds",
            "Seconds that the oldest of them waits; 0 when there is none.",
            "reader",
            {name: one.oldest_s or 0.0 for name, one in readers.items()},
        )

    def _collect_broker(self) -> Iterable[Metric]:
        broker = self._broker
        yield GaugeMetricFamily(
            "continuity_broker_up", "Whether Redis answers (1 or 0).", value=float(bool(broker))
        )
        if broker is None:
            return
        yield _gauge(
            "lane_messages", "Messages that wait in Redis, by lane.", "lane", broker.messages
        )
        living = dict(broker.living)
        others = {kind: living.pop(kind) for kind in (SCHEDULER, COURIER)}
        yield _gauge("lane_workers", "Workers of a lane that live.", "lane", living)
        yield _gauge("processes", "Schedulers and couriers that live.", "kind", others)


def _gauge(name: str, help_: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"continuity_{name}", help_, labels=[label])
    for value, amount in values.items():
        family.add_metric([value], amount)
    return family
