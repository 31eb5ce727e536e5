"""Couriers that die, receivers that are slow: nothing is lost, and nobody waits for others."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from assets.models import Project
from propagation.models import (
    WebhookAttempt,
    WebhookDelivery,
)
from propagation.services.edit_webhooks import change_webhook, delete_webhook
from propagation.webhooks.courier import MOST_AT_ONCE, MOST_PER_WEBHOOK, Dispatcher
from propagation.webhooks.queueing import queue_webhooks
from propagation.webhooks.sending import Answer
from propagation.webhooks.store import LEASE_S, claim_deliveries, find_due, record_answer
from tests.propagation.webhooks.receiver import (
    hang_up,
    make_outside,
    receive,
    stall,
)
from tests.propagation.webhooks.staging import (
    NOON,
    Courier,
    after,
    finish,
    happen,
    is_signed,
    make_project,
    make_webhook,
    queue,
)

pytestmark = pytest.mark.django_db


def test_a_courier_that_died_after_sending_has_it_sent_again_with_the_same_id(
    project: Project, courier: Courier
) -> None:
    with receive() as receiver:
        webhook = make_webhook(project, receiver.url)
        (delivery,) = queue(project)
        dead = Dispatcher(outside=make_outside())
        assert dead._launch(NOON) == 1
        assert receiver.wait().headers["webhook-id"] == delivery.message_id
        delivery.refresh_from_db()
        assert (delivery.state, delivery.log.count()) == ("pending", 0)
        assert courier.look(after(LEASE_S - 1)) == 0
        assert courier.look(after(LEASE_S)) == 1
        again = receiver.wait()
    assert again.headers["webhook-id"] == delivery.message_id
    assert is_signed(again, webhook.secret)
    delivery.refresh_from_db()
    assert delivery.state == "delivered"


def test_two_couriers_send_nothing_twice(project: Project) -> None:
    with receive() as receiver:
        make_webhook(project, receiver.url)
        queue(project, 20)
        one, other = Courier(), Courier()
        due = find_due(at=NOON, without=[])
        first = claim_deliveries(pks=due.values(), at=NOON)
        assert claim_deliveries(pks=due.values(), at=NOON) == []
        assert one.look() + other.look() == 19
    record_answer(claim=first[0], answer=Answer(status=200), at=NOON)
    assert len(receiver.received) == 19
    assert set(WebhookDelivery.objects.values_list("state", "attempts")) == {("delivered", 1)}


@pytest.mark.django_db(transaction=True)
def test_couriers_at_the_same_time_send_each_message_once(project: Project) -> None:
    def look() -> int:
        try:
            return Courier().look()
        finally:
            connections.close_all()

    with receive() as receiver, ThreadPoolExecutor(3) as pool:
        for _ in range(4):
            make_webhook(project, receiver.url)
        queue(project, 10)
        looks = [pool.submit(look) for _ in range(3)]
        assert sum(one.result() for one in looks) == 40
    ids = {got.headers["webhook-id"] for got in receiver.received}
    assert len(receiver.received) == len(ids) == 40
    assert set(WebhookDelivery.objects.values_list("state", "attempts")) == {("delivered", 1)}


def test_a_late_failure_does_not_count_for_whoever_sends_it_now(project: Project) -> None:
    make_webhook(project)
    (delivery,) = queue(project)
    (late,) = claim_deliveries(pks=[delivery.pk], at=NOON)
    (current,) = claim_deliveries(pks=[delivery.pk], at=after(LEASE_S))
    record_answer(claim=late, answer=Answer(error="late"), at=after(LEASE_S + 1))
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.next_at) == (0, current.leased_until)
    record_answer(claim=current, answer=Answer(status=200), at=after(LEASE_S + 2))
    record_answer(claim=late, answer=Answer(status=200), at=after(LEASE_S + 3))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("delivered", 1)
    assert delivery.log.count() == 3


def test_what_is_deleted_on_its_way_is_forgotten(project: Project) -> None:
    webhook = make_webhook(project)
    claims = claim_deliveries(pks=[one.pk for one in queue(project)], at=NOON)
    delete_webhook(pk=webhook.pk, actor=None)
    record_answer(claim=claims[0], answer=Answer(status=200), at=NOON)
    assert not WebhookAttempt.objects.exists()


def test_what_is_cancelled_on_its_way_is_not_sent_again(project: Project) -> None:
    webhook = make_webhook(project)
    (delivery,) = queue(project)
    (claim,) = claim_deliveries(pks=[delivery.pk], at=NOON)
    change_webhook(pk=webhook.pk, values={"is_enabled": False}, actor=None, at=NOON)
    record_answer(claim=claim, answer=Answer(error="no answer"), at=NOON)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.next_at) == ("cancelled", None)


def test_slow_receivers_leave_room_for_the_others(project: Project) -> None:
    with receive(stall) as slow, receive() as fast:
        stuck = [make_webhook(project, slow.url) for _ in range(3)]
        queue(project, 50)
        free = make_webhook(make_project("other"), fast.url)
        queue(free.project, 10)
        dispatcher = Dispatcher(outside=make_outside())
        for _ in range(3):
            dispatcher.send_webhooks(at=NOON)
        assert len(fast.received) == 10
        assert len(slow.received) == MOST_PER_WEBHOOK * len(stuck) < MOST_AT_ONCE
        slow.is_over.set()
        finish(dispatcher)


def test_where_there_is_no_room_for_all_each_has_a_turn_before_one_has_a_second(
    project: Project,
) -> None:
    del project
    many = 2 * MOST_AT_ONCE
    with receive(hang_up) as receiver:
        for number in range(many):
            webhook = make_webhook(make_project(f"p{number}"), f"{receiver.url}&n={number}")
            happen(webhook.project, *["version_created"] * 3)
        queue_webhooks(at=NOON)
        dispatcher = Dispatcher(outside=make_outside())
        for _ in range(many // MOST_AT_ONCE):
            assert dispatcher._launch(NOON) == MOST_AT_ONCE
            finish(dispatcher)
        paths = [got.path for got in receiver.received]
    assert len(paths) == len(set(paths)) == many


def test_a_look_takes_as_many_statements_whatever_waits(project: Project) -> None:
    with receive(stall) as receiver:
        make_webhook(project, receiver.url)
        counts = []
        for number in (3, 300):
            queue(project, number)
            dispatcher = Dispatcher(outside=make_outside())
            with CaptureQueriesContext(connection) as queries:
                dispatcher.send_webhooks(at=NOON)
            counts.append(len(queries))
        assert counts[0] == counts[1]
        receiver.is_over.set()


def test_a_courier_that_ends_records_what_comes_back(project: Project) -> None:
    with receive() as receiver:
        make_webhook(project, receiver.url)
        (delivery,) = queue(project)
        dispatcher = Dispatcher(outside=make_outside())
        dispatcher._launch(NOON)
        dispatcher.close(at=NOON, patience_s=20)
    delivery.refresh_from_db()
    assert delivery.state == "delivered"
