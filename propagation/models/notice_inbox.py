"""Inboxes: how much somebody has not read."""

from django.conf import settings
from django.db import models


class Inbox(models.Model):
    """One row per person who was ever told anything.

    Whoever writes somebody's notifications locks this row first, so that `unread` is counted when
    nobody else is at it (`propagation.notices.inbox`).
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="inbox"
    )
    unread = models.PositiveIntegerField(default=0, db_default=0)
    touched_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "inboxes"

    def __str__(self) -> str:
        return f"{self.user}: {self.unread} unread"
