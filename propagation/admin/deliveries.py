"""Messages to webhooks with their last answer, and sent again."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from assets.exceptions import AssetsError
from propagation.exceptions import PropagationError
from propagation.models import WebhookAttempt, WebhookDelivery
from propagation.services.send_webhooks import replay_delivery


def with_last_answer(deliveries: QuerySet[WebhookDelivery]) -> QuerySet[WebhookDelivery]:
    """Return them with `last_status` and `last_error`, what the newest attempt was answered."""
    newest = WebhookAttempt.objects.filter(delivery=OuterRef("pk")).order_by("-pk")
    return deliveries.annotate(
        last_status=Subquery(newest.values("status_code")[:1]),
        last_error=Subquery(newest.values("error")[:1]),
    )


def replay_all(request: HttpRequest, deliveries: QuerySet[WebhookDelivery]) -> None:
    """Queue each again, by the same id, and say what came of it."""
    chosen = deliveries.order_by("pk").values_list("webhook", "message_id")
    for pk, message_id in list(chosen):
        act = partial(replay_delivery, pk=pk, message_id=message_id)
        try_and_tell(request, act, f"{message_id} is on its way again.")


def try_and_tell(request: HttpRequest, act: Callable[..., object], done: str) -> None:
    """Do it as the user, and say what came of it."""
    try:
        act(actor=request.user, at=timezone.now())
    except (AssetsError, PropagationError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
