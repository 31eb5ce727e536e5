"""From the log to deliveries: one per event and webhook."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import Project
from propagation.models import (
    LogReader,
    WebhookDelivery,
)
from propagation.services.edit_webhooks import change_webhook
from propagation.webhooks.queueing import queue_webhooks
from tests.propagation.webhooks.staging import (
    NOON,
    get_types,
    happen,
    make_project,
    make_webhook,
    queue,
)

pytestmark = pytest.mark.django_db


def test_each_event_is_queued_once_for_each_webhook(project: Project) -> None:
    for _ in range(2):
        make_webhook(project)
    make_webhook(make_project("other"))
    happen(project, "version_created", "run_started_by_nobody", "conflict_opened")
    assert queue_webhooks(at=NOON) == 3
    assert queue_webhooks(at=NOON) == 0
    assert WebhookDelivery.objects.filter(webhook__project=project).count() == 4
    ids = set(WebhookDelivery.objects.values_list("message_id", flat=True))
    assert len(ids) == 4


def test_a_log_that_is_read_twice_is_told_once(project: Project) -> None:
    make_webhook(project)
    queue(project, 3)
    LogReader.objects.update(seq=0)
    assert queue_webhooks(at=NOON) == 3
    assert WebhookDelivery.objects.count() == 3


def test_only_the_types_that_are_subscribed(project: Project) -> None:
    make_webhook(project, types=["conflict.opened", "edge.changed"])
    happen(project, "version_created", "conflict_opened", "edge_changed", "conflict_resolved")
    queue_webhooks(at=NOON)
    assert get_types(project) == ["conflict.opened", "edge.changed"]


def test_nothing_of_before_its_time(project: Project) -> None:
    happen(project, "version_created")
    webhook = make_webhook(project)
    happen(project, "conflict_opened")
    queue_webhooks(at=NOON)
    assert get_types(project) == ["conflict.opened"]
    change_webhook(pk=webhook.pk, values={"is_enabled": False}, actor=None, at=NOON)
    happen(project, "version_created")
    change_webhook(pk=webhook.pk, values={"is_enabled": True}, actor=None, at=NOON)
    happen(project, "edge_changed")
    queue_webhooks(at=NOON)
    assert get_types(project) == ["conflict.opened", "edge.changed"]


def test_100_events_take_as_many_statements_as_one(project: Project) -> None:
    for _ in range(3):
        make_webhook(project)
    queue(project)
    counts = []
    for number in (1, 100):
        happen(project, *["version_created"] * number)
        with CaptureQueriesContext(connection) as queries:
            assert queue_webhooks(at=NOON) == number
        counts.append(len(queries))
    assert counts[0] == counts[1]
