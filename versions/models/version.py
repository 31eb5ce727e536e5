"""Versions: what an entity was, numbered and immutable."""

from django.conf import settings
from django.db import models

from assets.models import Entity
from versions.models.content import Content

DEFINITION = "definition"
"""The slot of an entity's own data; other slots hold media made from it."""


class Origin(models.TextChoices):
    """How a version came to be."""

    AUTHORED = "authored", "authored: a person changed the content"
    IMPORTED = "imported", "imported: read from a production file"
    PROPAGATED = "propagated", "propagated: something it uses changed"
    REVERTED = "reverted", "reverted: carries the content of an older version"
    RELINKED = "relinked", "relinked: its references changed"


class Version(models.Model):
    """One immutable version of one slot of an entity, numbered from 1.

    Written by `versions.services.publish` and `propagation.execution.apply` only, while they hold
    the lock on the slot; never updated, never deleted. Narrow on purpose: a propagation over
    100 000 targets writes 100 000 of these. Its parent is the version numbered one less, whose
    checksum its own covers. It points at its content and records in VersionInput only the inputs
    that differ from its parent's.

    No foreign key of what a propagation writes is checked by the database: here, and those of
    inputs, heads, consumptions and items, such checks take 34 of PostgreSQL's 81 µs per target.
    Their writers have just read, and most of them locked, the rows that these name; Django
    protects them from deletion, and `verify_history` finds what points at nothing.
    """

    entity = models.ForeignKey(
        Entity,
        models.PROTECT,
        related_name="versions",
        db_index=False,  # the unique constraint below begins with it
        db_constraint=False,  # see below
    )
    slot = models.CharField(max_length=64, default=DEFINITION)
    number = models.PositiveIntegerField()
    content = models.ForeignKey(
        Content, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    origin = models.CharField(max_length=16, choices=Origin)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    run_id = models.BigIntegerField(
        null=True,
        help_text="The run that made it. No foreign key: runs lie in a room above.",
    )
    note = models.TextField(blank=True, default="")
    changed = models.PositiveSmallIntegerField(
        help_text="The facets in which it differs from the version before: versions.facets, a set."
    )
    checksum = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "slot", "number"], name="one_version_per_number"
            ),
            models.CheckConstraint(
                condition=models.Q(number__gte=1), name="version_numbers_begin_at_1"
            ),
            models.CheckConstraint(
                condition=models.Q(origin__in=Origin.values), name="version_origin_is_known"
            ),
            models.CheckConstraint(condition=~models.Q(slot=""), name="version_slot_has_a_name"),
        ]

    def __str__(self) -> str:
        slot = "" if self.slot == DEFINITION else f"/{self.slot}"
        return f"{self.entity.code}{slot}_v{self.number}"
