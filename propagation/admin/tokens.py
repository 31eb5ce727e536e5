"""Admin of tokens: who gave which program what, and taking it back."""

from typing import cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from assets.admin import ReadOnlyMixin
from propagation.models import AccessToken
from propagation.services.access_tokens import revoke_tokens


@admin.register(AccessToken)
class AccessTokenAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """One's own tokens, for superusers everybody's; each made through the API or a command.

    No page leads to one of them: its address would be what is kept of the token.
    """

    actions = ("revoke",)
    list_display = (
        "name",
        "user",
        "scope",
        "reaches",
        "created",
        "expiry",
        "last_used_at",
        "code",
    )
    list_display_links = None
    fields = ("name", "user", "scope", "reaches", "created", "expiry", "last_used_at", "made_with")
    list_filter = ("scope", "is_confined")
    search_fields = ("name", "=code", "user__username")
    list_select_related = ("user",)
    ordering = ("-created",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessToken]:
        rows: QuerySet[AccessToken] = super().get_queryset(request)
        rows = rows.prefetch_related("projects")
        return rows if request.user.is_superuser else rows.filter(user=cast("User", request.user))

    @admin.display(description="projects")
    def reaches(self, token: AccessToken) -> str:
        """Name its projects by their codes."""
        codes = sorted(project.code for project in token.projects.all())
        return ", ".join(codes) if token.is_confined else "all of its user's"

    @admin.action(description="Revoke, with what was made with them")
    def revoke(self, request: HttpRequest, tokens: QuerySet[AccessToken]) -> None:
        """Revoke them."""
        count = revoke_tokens(tokens=tokens, actor=cast("User", request.user), at=timezone.now())
        messages.success(request, f"{count} revoked.")
