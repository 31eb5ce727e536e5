"""From the log to deliveries: one per event and webhook that is told of it."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from propagation.live.reading import read_on
from propagation.models import Event, Webhook, WebhookDelivery
from propagation.webhooks.catalogue import Happening, Message, describe_happening
from propagation.webhooks.store import insert_deliveries, make_delivery

READER = "webhooks"


def queue_webhooks(*, at: datetime) -> int:
    """Queue what is told of the new events of all projects; return how many events there were."""
    return read_on(name=READER, handle=partial(_queue, at=at), at=at)


def _queue(events: Sequence[Event], *, at: datetime) -> None:
    """Queue deliveries of one project's events; four statements, however many events.

    The caller holds the reader's place, so nobody else queues these events meanwhile.
    """
    # With their locks, so that none is disabled, and what waits cancelled, in between.
    rows = Webhook.objects.select_for_update(no_key=True).filter(
        project=events[0].project_id, is_enabled=True
    )
    webhooks = list(rows.order_by("pk"))
    if not webhooks:
        return
    known = _find_known(webhooks, events)
    told = [(event.seq, describe_happening(_read(event))) for event in events]
    insert_deliveries(
        make_delivery(webhook=webhook, message=message, event_seq=seq, at=at)
        for seq, message in told
        for webhook in webhooks
        if message is not None
        and _is_told(webhook, message, seq)
        and (webhook.pk, seq) not in known
    )


def _is_told(webhook: Webhook, message: Message, seq: int) -> bool:
    return seq > webhook.after_seq and (not webhook.types or message.type in webhook.types)


def _find_known(webhooks: Sequence[Webhook], events: Sequence[Event]) -> set[tuple[int, int]]:
    """Return what was queued before: the log is read again after a restored backup, say."""
    rows = WebhookDelivery.objects.filter(
        webhook__in=[one.pk for one in webhooks],
        event_seq__range=(events[0].seq, events[-1].seq),
    )
    return set(rows.values_list("webhook_id", "event_seq"))


def _read(event: Event) -> Happening:
    return Happening(
        project=event.project.code,
        seq=event.seq,
        type=event.type,
        run_id=event.run_id,
        payload=event.payload,
        at=event.created_at,
    )
