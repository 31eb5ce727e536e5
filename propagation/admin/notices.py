"""Admin of who watches what, and of what they were told; how they want to be told can be edited."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from assets.admin import ProjectFilter, ProjectScopedMixin, ReadOnlyMixin
from assets.models import Project
from propagation.models import Mail, NoticePreference, Notification, Subscription
from propagation.notices.wording import say_what
from propagation.services.edit_preference import save_preference


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """What people watch and mute; they say so themselves, through the API."""

    list_display = ("user", "topic", "mode", "origin", "created_at")
    list_filter = ("mode", "origin")
    search_fields = ("user__username", "entity__code", "project__code", "=run__id")
    list_select_related = ("user", "project", "entity__project", "run")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        rows: QuerySet[Subscription] = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        ids = Project.objects.visible_to(request.user).values("pk")
        return rows.filter(
            Q(project__in=ids) | Q(entity__project__in=ids) | Q(run__project__in=ids)
        )


@admin.register(Notification)
class NotificationAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """What people were told, newest first, and how far their mail is."""

    list_display = (
        *("user", "what", "reason", "entity", "also", "updated_at", "read_at"),
        *("mail_due_at", "mail_attempts", "mail_sent_at"),
    )
    list_filter = ("reason", ("project", ProjectFilter))
    search_fields = ("user__username", "=run__id", "entity__code")
    list_select_related = ("user", "entity")
    show_full_result_count = False

    @admin.display(description="what")
    def what(self, row: Notification) -> str:
        """Say in one line what happened."""
        return say_what(row.facts)


@admin.register(NoticePreference)
class NoticePreferenceAdmin(admin.ModelAdmin):
    """How people want to be told; without a row, there is no mail."""

    list_display = ("user", "mail", "digest_hour")
    list_filter = ("mail",)
    search_fields = ("user__username",)
    autocomplete_fields = ("user",)
    list_select_related = ("user",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: NoticePreference | None = None
    ) -> tuple[str, ...]:
        """Keep whose it is."""
        del request
        return () if obj is None else ("user",)

    def save_model(
        self,
        request: HttpRequest,
        obj: NoticePreference,
        form: Any,  # noqa: ANN401 (Django's signature)
        change: bool,  # noqa: FBT001
    ) -> None:
        """Write through the service, which moves mail that is due along."""
        del request, form, change
        save_preference(
            user=obj.user, at=timezone.now(), mail=Mail(obj.mail), digest_hour=obj.digest_hour
        )
