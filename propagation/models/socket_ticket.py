"""Tickets to the WebSocket, for clients that have a token and no session."""

from django.conf import settings
from django.db import models


class SocketTicket(models.Model):
    """Lets somebody connect once, within a minute. Only its SHA-256 is kept."""

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    token_digest = models.CharField(
        max_length=128, blank=True, default="", help_text="Of the token that it was given for."
    )
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ticket of {self.user}"
