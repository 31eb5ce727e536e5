"""What a version consumed."""

from django.db import models

from assets.models import Entity
from assets.models.json_text import JSONTextField
from versions.models.version import Version


class VersionInput(models.Model):
    """One input in which a version differs from its parent.

    source_version None: the reference was removed. All inputs of a version are, per (source,
    role, label), the newest row up to its number (`versions.services.resolve`). A row whose source
    is the version's own entity is no use but says what the version was made from
    (`versions.services.made_from`). Storing only the
    difference keeps the cost of a version flat: a sequence of 20 000 shots that follows one of
    them writes one row, not 20 000. Immutable like the version.
    """

    version = models.ForeignKey(
        Version,
        models.PROTECT,
        related_name="inputs",
        db_index=False,  # the unique constraint below begins with it
        db_constraint=False,  # see Version
    )
    source = models.ForeignKey(
        Entity, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    role = models.CharField(max_length=32)
    label = models.CharField(max_length=64, blank=True, default="")
    position = models.IntegerField(default=0, help_text="Order within the role, as in a cut.")
    attributes = JSONTextField(default=dict)
    source_version = models.ForeignKey(
        Version,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "source", "role", "label"], name="one_input_per_use"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source.code} ({self.role}) → {self.version}"
