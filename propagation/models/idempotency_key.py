"""Keys of requests that were done, so that they are done once however often they are sent."""

from django.conf import settings
from django.db import models

from assets.models.json_text import JSONTextField


class IdempotencyKey(models.Model):
    """One request that was done, and what it was answered."""

    scope = models.CharField(
        max_length=64, unique=True, help_text="Hash of the user, the path and the key."
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    fingerprint = models.CharField(max_length=64, help_text="Hash of the query and the body.")
    status = models.PositiveSmallIntegerField(null=True)
    headers = JSONTextField(default=dict)
    answer = JSONTextField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "idempotency key"

    def __str__(self) -> str:
        return f"request of {self.user} at {self.created_at:%Y-%m-%d %H:%M}"
