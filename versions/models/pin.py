"""Pins: why a reference stays at one version of its source."""

from django.conf import settings
from django.db import models

from assets.models import AssetReference, Follow
from versions.models.version import Version


class Pin(models.Model):
    """Who wants a frozen reference to stay where it is, why, and until when.

    A reference with a pin is frozen, and has consumed the version that it is pinned to. follow:
    what it follows again when the pin is taken off.
    """

    reference = models.OneToOneField(
        AssetReference, models.CASCADE, primary_key=True, related_name="pin"
    )
    version = models.ForeignKey(Version, models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    reason = models.TextField(blank=True, default="")
    follow = models.CharField(max_length=16, choices=Follow, default=Follow.BEST)
    pinned_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(follow__in=[one for one in Follow.values if one != "frozen"]),
                name="pin_follow_is_what_moves",
            ),
        ]
        indexes = [
            # The scheduler looks every few seconds for those that are over.
            models.Index(
                fields=["expires_at"],
                name="ending_pins",
                condition=models.Q(expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} at v{self.version.number}"
