"""Admin of webhooks and of what was sent to them, for the admins of their projects."""

from functools import partial
from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from assets.admin import ProjectFilter, ReadOnlyMixin, ScopedHistoryAdmin
from assets.models import Role
from assets.services.access import find_projects
from propagation.admin.deliveries import replay_all, try_and_tell, with_last_answer
from propagation.models import Webhook, WebhookAttempt, WebhookDelivery
from propagation.models.webhook import SECRETS
from propagation.services.edit_webhooks import change_webhook
from propagation.services.send_webhooks import send_test


class OwnProjectsMixin:
    """Shows the rows of projects whose admin the user is, as the API does."""

    project_path = "project"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        own = find_projects(actor=cast("User", request.user), needed=Role.ADMIN)
        return rows.filter(**{f"{self.project_path}__in": own})


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyMixin, OwnProjectsMixin, ScopedHistoryAdmin):
    """Webhooks. Whoever knows a secret can sign in our name, so those are not shown."""

    exclude = SECRETS
    actions = ("send_tests", "enable", "disable")
    list_display = ("id", "project", "url", "types", "is_enabled", "disabled_reason", "description")
    list_filter = ("is_enabled", ("project", ProjectFilter))
    search_fields = ("url", "description")
    list_select_related = ("project",)

    @admin.action(description="Send a test message")
    def send_tests(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        """Queue a test for each."""
        for pk in _list_ids(webhooks):
            act = partial(send_test, pk=pk)
            try_and_tell(request, act, f"Webhook {pk}: a test is on its way.")

    @admin.action(description="Enable: tell it of what happens from now on")
    def enable(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        """Enable each."""
        for pk in _list_ids(webhooks):
            act = partial(change_webhook, pk=pk, values={"is_enabled": True})
            try_and_tell(request, act, f"Webhook {pk} is enabled.")

    @admin.action(description="Disable: cancel what waits for it")
    def disable(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        """Disable each."""
        for pk in _list_ids(webhooks):
            act = partial(change_webhook, pk=pk, values={"is_enabled": False})
            try_and_tell(request, act, f"Webhook {pk} is disabled.")


class AttemptInline(ReadOnlyMixin, admin.TabularInline):
    """Every time that a message was sent."""

    model = WebhookAttempt
    extra = 0
    fields = ("at", "status_code", "error", "duration_ms", "response")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyMixin, OwnProjectsMixin, admin.ModelAdmin):
    """What was sent or waits, newest first; it can be replayed."""

    project_path = "webhook__project"
    actions = ("replay",)
    list_display = (
        "message_id",
        "webhook",
        "type",
        "state",
        "attempts",
        "last_answer",
        "next_at",
        "created_at",
    )
    list_filter = ("state", "type", ("webhook__project", ProjectFilter))
    search_fields = ("=message_id", "webhook__url")
    list_select_related = ("webhook__project",)
    ordering = ("-pk",)
    show_full_result_count = False
    inlines = (AttemptInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        rows: QuerySet[WebhookDelivery] = super().get_queryset(request)
        return with_last_answer(rows)

    @admin.display(description="last answer")
    def last_answer(self, delivery: Any) -> str:  # noqa: ANN401 (with the annotations above)
        """Status, or why there is none."""
        return str(delivery.last_status or delivery.last_error or "")

    @admin.action(description="Replay: send it again, by the same id")
    def replay(self, request: HttpRequest, deliveries: QuerySet[WebhookDelivery]) -> None:
        """Queue each again."""
        replay_all(request, deliveries)


def _list_ids(webhooks: QuerySet[Webhook]) -> list[int]:
    return list(webhooks.order_by("pk").values_list("pk", flat=True))
