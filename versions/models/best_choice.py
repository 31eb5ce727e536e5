"""Who chose which version as the best of its slot, and when."""

from django.conf import settings
from django.db import models

from versions.models.version import Version


class BestChoice(models.Model):
    """A version became the best of its slot otherwise than by being published as a definition.

    Written whenever the best of a slot of media moves, and when a person sets the best of a
    definition; append-only. With the versions themselves it says what was best at any time.
    """

    version = models.ForeignKey(
        Version,
        models.PROTECT,
        related_name="choices",
        # What was best at a time: the newest choice among the versions of a slot.
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    reason = models.TextField(blank=True, default="")
    chosen_at = models.DateTimeField()
    latest_number = models.PositiveIntegerField(
        help_text="The latest version of the slot then: what has a higher number came after."
    )

    def __str__(self) -> str:
        return f"{self.version} since {self.chosen_at:%Y-%m-%d %H:%M:%S}"
