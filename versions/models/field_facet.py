"""What a project knows of its fields: which facet each belongs to."""

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from assets.limits import TYPE_LENGTH
from assets.models import Project


class FacetName(models.TextChoices):
    """The facets by name."""

    VISUAL = "visual"
    METADATA = "metadata"
    RELATIONSHIP = "relationship"
    MEDIA = "media"


class FieldFacet(models.Model):
    """A field of the project's entities belongs to a facet, whatever the built-in map says.

    The longest path that fits decides; of equal ones, that of a type before that of all types.
    What changed before it was written stays classified as it was.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="field_facets")
    entity_type = models.CharField(
        max_length=TYPE_LENGTH, blank=True, default="", help_text="Empty: of every type."
    )
    field = models.CharField(max_length=255, help_text="Dotted path, such as attributes.wardrobe.")
    facet = models.CharField(max_length=16, choices=FacetName)

    objects: Any = models.Manager()
    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "entity_type", "field"], name="one_facet_per_field"
            ),
            models.CheckConstraint(
                condition=models.Q(facet__in=FacetName.values), name="facet_is_known"
            ),
            models.CheckConstraint(condition=~models.Q(field=""), name="field_has_a_path"),
        ]

    def __str__(self) -> str:
        return f"{self.entity_type or 'any'}.{self.field}: {self.facet}"
