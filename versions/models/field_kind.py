"""What a project knows of its fields: how two edits of one go together."""

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from assets.limits import TYPE_LENGTH
from assets.models import Project


class KindName(models.TextChoices):
    """The kinds by name (versions.merging.kinds.MergeKind)."""

    VALUE = "value", "value: one of the two"
    PROSE = "prose", "prose: by lines and words"
    SET = "set", "set: what was added and removed"
    LIST = "list", "list: by position"
    MEDIA = "media", "media: one of the two"


class FieldKind(models.Model):
    """How a field of the project's entities is merged, whatever the built-in map says."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="field_kinds")
    entity_type = models.CharField(
        max_length=TYPE_LENGTH, blank=True, default="", help_text="Empty: of every type."
    )
    field = models.CharField(
        max_length=255, help_text="Dotted path, such as look.palette, or a name wherever it lies."
    )
    kind = models.CharField(max_length=16, choices=KindName)

    objects: Any = models.Manager()
    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "entity_type", "field"], name="one_kind_per_field"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=KindName.values), name="field_kind_is_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(field=""), name="field_of_a_kind_has_a_path"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity_type or 'any'}.{self.field}: {self.kind}"
