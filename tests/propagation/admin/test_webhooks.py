"""The admin shows webhooks and their deliveries to a project's admins, and acts on them."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assets.models import Project, Role
from propagation.models import Webhook, WebhookDelivery
from propagation.services.edit_webhooks import create_webhook, rotate_secret
from propagation.services.send_webhooks import send_test
from propagation.webhooks.sending import Answer
from propagation.webhooks.store import claim_deliveries, record_answer
from tests.propagation.admin.browsing import sign_in

pytestmark = pytest.mark.django_db
LIST = "admin:propagation_webhook_changelist"
DELIVERIES = "admin:propagation_webhookdelivery_changelist"


@pytest.fixture
def webhook() -> Webhook:
    """Have a webhook with a rotated secret."""
    project = Project.objects.create(code="film", name="Film")
    values = {"url": "https://hooks.example.com/in"}
    made = create_webhook(project=project, values=values, actor=None, at=timezone.now())
    return rotate_secret(pk=made.pk, actor=None, at=timezone.now())


def fail(webhook: Webhook) -> WebhookDelivery:
    """Have a test that failed."""
    at = timezone.now()
    delivery = send_test(pk=webhook.pk, actor=None, at=at)
    (claim,) = claim_deliveries(pks=[delivery.pk], at=at)
    answer = Answer(status=418, error="answered 418", text="<b>teapot</b>")
    record_answer(claim=claim, answer=answer, at=at)
    return delivery


def act(client: Client, page: str, action: str, *pks: int) -> str:
    """Choose an action for these rows, and return the page that follows."""
    form = {"action": action, "_selected_action": [str(pk) for pk in pks]}
    return client.post(reverse(page), form, follow=True).content.decode()


def test_a_secret_is_on_no_page(webhook: Webhook) -> None:
    client = sign_in("somebody", {"film": Role.ADMIN})
    delivery = fail(webhook)
    change = [webhook.pk]
    pages = [
        client.get(reverse(LIST)),
        client.get(reverse("admin:propagation_webhook_change", args=change)),
        client.get(reverse("admin:propagation_webhook_history", args=change)),
        client.get(reverse("admin:propagation_webhookdelivery_change", args=[delivery.pk])),
    ]
    for page in pages:
        assert page.status_code == 200
        for secret in (webhook.secret, webhook.previous_secret):
            assert secret not in page.content.decode()


def test_deliveries_are_shown_with_what_was_answered(webhook: Webhook) -> None:
    client = sign_in("somebody", {"film": Role.ADMIN})
    delivery = fail(webhook)
    listed = client.get(reverse(DELIVERIES)).content.decode()
    assert delivery.message_id in listed
    assert "418" in listed
    url = reverse("admin:propagation_webhookdelivery_change", args=[delivery.pk])
    assert "&lt;b&gt;teapot&lt;/b&gt;" in client.get(url).content.decode()


def test_a_delivery_is_replayed(webhook: Webhook) -> None:
    client = sign_in("somebody", {"film": Role.ADMIN})
    delivery = fail(webhook)
    assert "on its way again" in act(client, DELIVERIES, "replay", delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("pending", 0)


def test_a_webhook_is_tested_disabled_and_enabled(webhook: Webhook) -> None:
    client = sign_in("somebody", {"film": Role.ADMIN})
    assert "a test is on its way" in act(client, LIST, "send_tests", webhook.pk)
    assert "is disabled" in act(client, LIST, "disable", webhook.pk)
    assert WebhookDelivery.objects.get().state == "cancelled"
    assert "enable it first" in act(client, LIST, "send_tests", webhook.pk)
    assert "is enabled" in act(client, LIST, "enable", webhook.pk)
    newest = Webhook.history.first()
    assert (newest.is_enabled, newest.history_user.username) == (True, "somebody")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ARTIST, Role.SUPERVISOR])
def test_whoever_is_no_admin_of_the_project_sees_nothing(webhook: Webhook, role: Role) -> None:
    client = sign_in("somebody", {"film": role})
    delivery = fail(webhook)
    for page in (LIST, DELIVERIES):
        assert client.get(reverse(page)).context["cl"].result_count == 0
    act(client, LIST, "disable", webhook.pk)
    act(client, DELIVERIES, "replay", delivery.pk)
    webhook.refresh_from_db()
    delivery.refresh_from_db()
    assert (webhook.is_enabled, delivery.state) == (True, "failed")
    history = client.get(reverse("admin:propagation_webhook_history", args=[webhook.pk]))
    assert history.status_code == 404


def test_nobody_edits_a_webhook_past_the_services(webhook: Webhook) -> None:
    client = sign_in("somebody", {"film": Role.ADMIN})
    url = reverse("admin:propagation_webhook_change", args=[webhook.pk])
    assert client.post(url, {"url": "http://127.0.0.1/"}).status_code == 403
    assert client.get(reverse("admin:propagation_webhook_add")).status_code == 403


def test_the_list_of_deliveries_takes_as_many_statements_for_20_as_for_one(
    webhook: Webhook,
) -> None:
    client = sign_in("somebody", {"film": Role.ADMIN})
    counts = []
    for number in (1, 19):
        for _ in range(number):
            fail(webhook)
        client.get(reverse(DELIVERIES))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(DELIVERIES)).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
