"""What people say about a version; the version itself stays as it was published."""

from django.db import models
from simple_history.models import HistoricalRecords

from assets.models.json_text import JSONTextField
from versions.models.version import Version


class Status(models.TextChoices):
    """How far a version's approval is."""

    DRAFT = "draft"
    REVIEW = "review"
    APPROVED = "approved"
    REJECTED = "rejected"


class Annotation(models.Model):
    """The approval, visibility and metadata of a version, with their history.

    Only versions that somebody said something about have one; all others are visible drafts
    without metadata. `score` and the tags repeat what stands in the metadata
    (`versions.metadata`), because lists are filtered and sorted by them. Written by
    `versions.services.annotate` only.
    """

    version = models.OneToOneField(
        Version, models.PROTECT, primary_key=True, related_name="annotation"
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT)
    is_hidden = models.BooleanField(default=False)
    metadata = JSONTextField(default=dict, blank=True)
    score = models.FloatField(null=True)
    revision = models.PositiveIntegerField(default=1, help_text="How often something was said.")

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values), name="version_status_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.status}"


class Tag(models.Model):
    """One tag of a version."""

    annotation = models.ForeignKey(
        Annotation,
        models.CASCADE,
        related_name="tags",
        db_index=False,  # the unique constraint below begins with it
    )
    name = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["annotation", "name"], name="one_tag_per_name"),
        ]

    def __str__(self) -> str:
        return self.name
