"""Heads: where each slot of an entity stands."""

from django.db import models

from assets.models import Entity
from versions.models.version import DEFINITION, Version


class Head(models.Model):
    """The one row per (entity, slot) that points at its best, latest and newest approved version.

    That of a definition is its concurrency token: whoever publishes a version locks it first,
    several of them in ascending id, and moves it in the same transaction. The slots of media are
    guarded by the lock on the entity's row, because the first version of a slot has no head yet.

    Best and latest of a definition carry the same inputs, those that its references consumed, so
    the next version may be made from either.
    """

    entity = models.ForeignKey(
        Entity,
        models.PROTECT,
        related_name="heads",
        db_index=False,  # the unique constraint below begins with it
    )
    slot = models.CharField(max_length=64, default=DEFINITION)
    best = models.ForeignKey(
        Version,
        models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # see Version
    )
    latest = models.ForeignKey(
        Version, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    approved = models.ForeignKey(
        Version, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "slot"], name="one_head_per_slot"),
        ]

    def __str__(self) -> str:
        return f"{self.entity.code} {self.slot}"
