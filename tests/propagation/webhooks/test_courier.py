"""From deliveries to receivers: until each was taken, or given up."""

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from assets.models import Project
from propagation.models import (
    WebhookAttempt,
    WebhookDelivery,
)
from propagation.services.edit_webhooks import rotate_secret
from propagation.services.send_webhooks import (
    forget_deliveries,
    replay_delivery,
    send_test,
)
from propagation.webhooks.courier import MOST_PER_WEBHOOK, Dispatcher
from propagation.webhooks.queueing import queue_webhooks
from propagation.webhooks.schedule import DELAYS_S
from propagation.webhooks.sending import Answer
from propagation.webhooks.store import claim_deliveries, find_due, record_answer
from tests.propagation.webhooks.receiver import (
    Reply,
    answer,
    hang_up,
    receive,
)
from tests.propagation.webhooks.staging import (
    NOON,
    Courier,
    after,
    get_types,
    happen,
    is_signed,
    make_webhook,
    queue,
)

pytestmark = pytest.mark.django_db


def get_next(delivery: WebhookDelivery) -> datetime:
    """Return when the delivery is sent next."""
    delivery.refresh_from_db()
    assert delivery.next_at is not None
    return delivery.next_at


def run_schedule(courier: Courier, delivery: WebhookDelivery) -> None:
    """Have it sent every time but the last."""
    for _ in DELAYS_S[:-1]:
        assert courier.look(get_next(delivery)) == 1


def test_messages_arrive_signed_and_are_delivered(project: Project, courier: Courier) -> None:
    with receive(answer(200, b"thanks\0")) as receiver:
        webhook = make_webhook(project, receiver.url)
        first, second = queue(project, 2)
        assert courier.look() == 2
    by_id = {got.headers["webhook-id"]: got for got in receiver.received}
    assert by_id.keys() == {first.message_id, second.message_id}
    for delivery in (first, second):
        delivery.refresh_from_db()
        got = by_id[delivery.message_id]
        assert is_signed(got, webhook.secret)
        assert got.body == delivery.body
        assert (delivery.state, delivery.attempts) == ("delivered", 1)
        assert (delivery.next_at, delivery.delivered_at) == (None, NOON)
        (attempt,) = delivery.log.all()
        assert (attempt.status_code, attempt.response, attempt.error) == (200, "thanks", "")
    assert courier.look() == 0


@pytest.mark.parametrize("reply", [answer(500), answer(302), answer(404), hang_up])
def test_what_is_not_taken_comes_again_with_its_id_by_the_schedule(
    project: Project, courier: Courier, reply: Reply
) -> None:
    with receive(reply, answer(204)) as receiver:
        webhook = make_webhook(project, receiver.url)
        (delivery,) = queue(project)
        assert courier.look() == 1
        assert after(5) <= get_next(delivery) <= after(5.5)
        assert (delivery.state, delivery.attempts) == ("pending", 1)
        assert courier.look(after(4.9)) == 0
        assert courier.look(after(5.5)) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("delivered", 2)
    assert {got.headers["webhook-id"] for got in receiver.received} == {delivery.message_id}
    assert len({got.body for got in receiver.received}) == 1
    assert is_signed(receiver.received[-1], webhook.secret)


def test_the_whole_schedule_ends_in_a_failure_that_disables_the_webhook(
    project: Project, courier: Courier
) -> None:
    with receive(answer(500)) as receiver:
        webhook = make_webhook(project, receiver.url)
        (delivery,) = queue(project)
        run_schedule(courier, delivery)
        last = get_next(delivery)
        assert timedelta(hours=75) < last - NOON < timedelta(hours=84)
        (waiting,) = queue(project)
        WebhookDelivery.objects.filter(pk=waiting.pk).update(next_at=last + timedelta(hours=1))
        assert courier.look(last) == 1
        assert len(receiver.received) == delivery.log.count() == len(DELAYS_S)
    for one in (delivery, waiting, webhook):
        one.refresh_from_db()
    assert (delivery.state, delivery.next_at, waiting.state) == ("failed", None, "cancelled")
    assert (webhook.is_enabled, webhook.disabled_at) == (False, last)
    assert webhook.disabled_reason.startswith("Nothing was delivered since")


def test_a_webhook_that_took_something_meanwhile_stays_enabled(
    project: Project, courier: Courier
) -> None:
    with receive(*[answer(500)] * 9, answer(204), answer(500)) as receiver:
        webhook = make_webhook(project, receiver.url)
        (bad,) = queue(project)
        run_schedule(courier, bad)
        (good,) = queue(project)
        assert courier.look(after(60)) == 1
        assert courier.look(get_next(bad)) == 1
    for one in (bad, good, webhook):
        one.refresh_from_db()
    assert (bad.state, good.state, webhook.is_enabled) == ("failed", "delivered", True)


def test_410_disables_the_webhook_and_cancels_what_waits(
    project: Project, courier: Courier
) -> None:
    with receive(answer(410)) as receiver:
        webhook = make_webhook(project, receiver.url)
        deliveries = queue(project, 5)
        courier.look()
        assert len(receiver.received) <= MOST_PER_WEBHOOK
    webhook.refresh_from_db()
    assert (webhook.is_enabled, webhook.disabled_at) == (False, NOON)
    assert webhook.disabled_reason == "The receiver answered 410 Gone."
    states = [WebhookDelivery.objects.get(pk=one.pk).state for one in deliveries]
    assert set(states) == {"failed", "cancelled"}
    assert queue_webhooks(at=NOON) == 0
    happen(project, "version_created")
    queue_webhooks(at=NOON)
    assert len(get_types(project)) == 5
    newest = webhook.history.first()
    assert (newest.is_enabled, newest.history_user) == (False, None)


@pytest.mark.parametrize(
    ("status", "seconds", "least"),
    [(429, "3600", 3600), (503, "1", 5), (504, "999999999", 86_400), (500, "3600", 5)],
)
def test_a_receiver_that_asks_for_time_gets_it(
    project: Project, courier: Courier, status: int, seconds: str, least: int
) -> None:
    with receive(answer(status, Retry_After=seconds), answer(204)) as receiver:
        make_webhook(project, receiver.url)
        (delivery,) = queue(project)
        courier.look()
        assert after(least) <= get_next(delivery) <= after(least + 1)
        if least > 5:
            queue(project)
            assert courier.look(after(least - 1)) == 0
            assert courier.look(after(least)) == 2


def test_the_longest_time_that_a_receiver_asked_for_counts(project: Project) -> None:
    webhook = make_webhook(project)
    claims = claim_deliveries(pks=[one.pk for one in queue(project, 2)], at=NOON)
    for claim, seconds in zip(claims, ("3600", "60"), strict=True):
        record_answer(claim=claim, answer=Answer(status=429, retry_after=seconds), at=NOON)
    webhook.refresh_from_db()
    assert webhook.held_until == after(3600)
    assert webhook.history.count() == 1
    send_test(pk=webhook.pk, actor=None, at=after(61))
    assert find_due(at=after(3599), without=[]) == {}
    assert find_due(at=after(3600), without=[]).keys() == {webhook.pk}


def test_a_test_is_sent_once_and_disables_nothing(project: Project, courier: Courier) -> None:
    with receive(answer(500)) as receiver:
        webhook = make_webhook(project, receiver.url, types=["edge.changed"])
        test = send_test(pk=webhook.pk, actor=None, at=NOON)
        assert courier.look() == 1
        assert is_signed(receiver.wait(), webhook.secret)
    test.refresh_from_db()
    webhook.refresh_from_db()
    assert (test.state, test.type, test.event_seq) == ("failed", "webhook.test", None)
    assert webhook.is_enabled


def test_a_replay_has_the_same_id_and_body_and_a_new_schedule(
    project: Project, courier: Courier
) -> None:
    with receive(answer(204), answer(500)) as receiver:
        webhook = make_webhook(project, receiver.url)
        (delivery,) = queue(project)
        courier.look()
        replay_delivery(pk=webhook.pk, message_id=delivery.message_id, actor=None, at=after(60))
        courier.look(after(60))
        first, again = receiver.received
    assert is_signed(again, webhook.secret)
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != again.headers["webhook-timestamp"]
    assert first.body == again.body
    assert after(65) <= get_next(delivery) <= after(65.5)
    assert (delivery.state, delivery.attempts) == ("pending", 1)
    assert delivery.log.count() == 2


def test_after_a_rotation_both_secrets_verify_for_a_day(project: Project, courier: Courier) -> None:
    with receive() as receiver:
        webhook = make_webhook(project, receiver.url)
        old = webhook.secret
        new = rotate_secret(pk=webhook.pk, actor=None, at=NOON).secret
        assert old != new
        for at in (NOON, after(86_399), after(86_400)):
            send_test(pk=webhook.pk, actor=None, at=at)
            courier.look(at)
        counts = [len(got.headers["webhook-signature"].split()) for got in receiver.received]
        assert counts == [2, 2, 1]
        for secret in (old, new):
            assert is_signed(receiver.received[0], secret)
        assert is_signed(receiver.received[2], new)


def test_a_message_that_nobody_may_send_any_more_is_not_sent(
    project: Project, settings: Settings
) -> None:
    with receive() as receiver:
        make_webhook(project, receiver.url)
        settings.WEBHOOK_ALLOWED_HOSTS = []
        (delivery,) = queue(project)
        dispatcher = Dispatcher()
        while not WebhookAttempt.objects.exists():
            dispatcher.send_webhooks(at=NOON)
        assert not receiver.received
    (attempt,) = delivery.log.all()
    assert (attempt.status_code, attempt.error) == (None, "A webhook leads to an https URL.")


def test_old_deliveries_are_deleted_with_their_log_but_not_what_waits(
    project: Project, settings: Settings
) -> None:
    make_webhook(project)
    old, waiting = queue(project, 2)
    (claim,) = claim_deliveries(pks=[old.pk], at=NOON)
    record_answer(claim=claim, answer=Answer(status=200), at=NOON)
    days = timedelta(days=settings.WEBHOOK_DELIVERIES_KEPT_DAYS)
    assert forget_deliveries(at=NOON + days) == 0
    assert forget_deliveries(at=NOON + days + timedelta(seconds=1)) == 1
    assert [one.pk for one in WebhookDelivery.objects.all()] == [waiting.pk]
    assert not WebhookAttempt.objects.exists()
