"""A project with webhooks that lead to a receiver on this machine."""

from concurrent.futures import wait
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from standardwebhooks import Webhook as Judge

from assets.models import Project
from propagation.live.events import News, record_events
from propagation.models import Webhook, WebhookDelivery
from propagation.services.edit_webhooks import create_webhook
from propagation.webhooks.courier import Dispatcher
from propagation.webhooks.queueing import queue_webhooks
from tests.propagation.webhooks.receiver import WAIT_LIMIT_S, Received, make_outside
from versions.canonical import JsonObject, JsonValue

NOON = timezone.now()


def make_project(code: str = "film") -> Project:
    """Make an empty project."""
    return Project.objects.create(code=code, name=code)


def make_webhook(
    project: Project,
    url: str = "http://127.0.0.1:1/",
    **values: Any,  # noqa: ANN401 (values of different types)
) -> Webhook:
    """Make a webhook; the test's settings have to allow the loopback."""
    return create_webhook(project=project, values={"url": url, **values}, actor=None, at=NOON)


def happen(project: Project, *types: str, **payload: JsonValue) -> int:
    """Record events, and return the number of the last one."""
    told: JsonObject = {"asset_id": "hero", "number": 1, "conflict_id": 1, **payload}
    news = [News(type=kind, run_id=1, payload=told) for kind in types]
    return record_events(project_id=project.pk, news=news, at=NOON)


def queue(project: Project, count: int = 1) -> list[WebhookDelivery]:
    """Have so many versions created, and return the deliveries that this makes."""
    happen(project, *["version_created"] * count)
    queue_webhooks(at=NOON)
    rows = WebhookDelivery.objects.filter(webhook__project=project).order_by("-pk")
    return list(reversed(rows[:count]))


def get_types(project: Project) -> list[str]:
    """Return what waits or was sent, in order."""
    rows = WebhookDelivery.objects.filter(webhook__project=project).order_by("pk")
    return list(rows.values_list("type", flat=True))


def is_signed(got: Received, secret: str) -> bool:
    """Tell whether the public package signs the same: it verifies what is sent now, not at NOON."""
    sent_at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), tz=UTC)
    judge = Judge(secret)
    signature = judge.sign(msg_id=got.headers["webhook-id"], timestamp=sent_at, data=got.body)
    return signature in got.headers["webhook-signature"].split(" ")


def after(seconds: float) -> datetime:
    """Return the time so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


class Courier:
    """A courier whose looks last until all that it sent has come back."""

    def __init__(self, *, timeout_s: float = WAIT_LIMIT_S) -> None:
        self.dispatcher = Dispatcher(outside=make_outside(timeout_s))

    def look(self, at: datetime = NOON) -> int:
        """Send what is due and record every answer; return how many there were."""
        recorded = self.dispatcher.send_webhooks(at=at)
        while self.dispatcher.is_flying:
            recorded += self.dispatcher.send_webhooks(at=at)
        return recorded


def finish(dispatcher: Dispatcher) -> None:
    """Record what a dispatcher has on its way, without sending more."""
    wait(dispatcher._flying, WAIT_LIMIT_S)
    dispatcher._land(dispatcher._flying, NOON)
