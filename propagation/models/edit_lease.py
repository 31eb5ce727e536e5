"""Edit leases: who is editing what at this moment."""

from django.conf import settings
from django.db import models

from assets.models import Entity
from assets.models.json_text import JSONTextField


class LeaseMode(models.TextChoices):
    """What somebody does with an entity at this moment."""

    EDIT = "edit"
    VIEW = "view", "view: looks at it; in nobody's way"


class EditLease(models.Model):
    """Somebody says that they are editing fields of an entity, or looking at it; for a while.

    One row per editor's window: `token` names it. It is over when `expires_at` has passed,
    whether or not somebody deleted the row. Written by `propagation.services.edit_leases`, while
    it holds the lock on the entity's head where the project makes leases locks.
    """

    token = models.CharField(max_length=64, unique=True)
    entity = models.ForeignKey(
        Entity,
        models.CASCADE,
        related_name="edit_leases",
        # A change asks who else is editing its entity.
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="edit_leases", db_index=False
    )
    fields = JSONTextField(default=list, help_text="Dotted paths; none: all of the entity.")
    mode = models.CharField(
        max_length=8, choices=LeaseMode, default=LeaseMode.EDIT, db_default=LeaseMode.EDIT
    )
    base_version = models.PositiveIntegerField(help_text="The version that the editor shows.")
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)  # the scheduler deletes those that are over

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.user} edits {self.entity}"
