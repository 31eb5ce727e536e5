"""The real courier, killed in the middle."""

import subprocess
import sys
from datetime import timedelta

import pytest

from assets.models import Project
from propagation.models import WebhookDelivery
from tests.processes import ROOT, make_environment
from tests.propagation.webhooks.receiver import answer, receive, stall
from tests.propagation.webhooks.staging import Courier, happen, is_signed, make_webhook

ENVIRONMENT = {
    "CONTINUITY_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
    "CONTINUITY_COURIER_INTERVAL_S": "0.05",
}


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_courier_had_in_hand_is_sent_by_the_next_with_the_same_id(
    project: Project, courier: Courier
) -> None:
    with receive(stall, answer(204)) as receiver:
        webhook = make_webhook(project, receiver.url)
        happen(project, "version_created")
        process = subprocess.Popen(
            [sys.executable, "manage.py", "courier"],
            cwd=ROOT,
            env={**make_environment(), **ENVIRONMENT},
        )
        with process:
            try:
                first = receiver.wait()
            finally:
                process.kill()
        delivery = WebhookDelivery.objects.get()
        assert (delivery.state, delivery.attempts) == ("pending", 0)
        claimed_until = delivery.next_at
        assert claimed_until is not None
        assert courier.look(claimed_until - timedelta(seconds=1)) == 0
        assert courier.look(claimed_until) == 1
        again = receiver.wait()
    assert first.headers["webhook-id"] == again.headers["webhook-id"] == delivery.message_id
    assert first.body == again.body
    assert is_signed(again, webhook.secret)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("delivered", 1)
