"""References: the pointers from targets to the sources that they are made from."""

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from assets.models.entity import Entity
from assets.models.json_text import JSONTextField
from assets.models.project import Project


class Follow(models.TextChoices):
    """Which of the source's versions a reference follows."""

    BEST = "best"
    LATEST = "latest"
    LATEST_APPROVED = "latest_approved"
    FROZEN = "frozen"


class AssetReference(models.Model):
    """The target (downstream) uses the source (upstream): when the source changes, so does it.

    Several references between the same two entities differ in role or label. Written by
    `propagation.services` only, under the project's lock, because a new reference may close a
    cycle and makes its target outdated. What the target consumed is
    `versions.models.Consumption`, a table of its own, because it moves in bulk and this one is
    tracked row by row.
    """

    project = models.ForeignKey(
        Project,
        models.CASCADE,
        related_name="references",
        # Loads a project's whole graph: one range of this index instead of a join on entities.
    )
    source = models.ForeignKey(
        Entity,
        models.PROTECT,
        related_name="used_by",
        db_index=False,  # the unique constraint below begins with it
    )
    target = models.ForeignKey(
        Entity,
        models.PROTECT,
        related_name="uses",
        # A batch reads what its targets use.
    )
    role = models.CharField(max_length=32)
    label = models.CharField(max_length=64, blank=True, default="")
    position = models.IntegerField(default=0, help_text="Order within the role, as in a cut.")
    follow = models.CharField(max_length=16, choices=Follow, default=Follow.BEST)
    attributes = JSONTextField(default=dict, blank=True)
    facets = models.PositiveSmallIntegerField(
        help_text="The facets of the source that the target consumes: versions.facets, a set."
    )

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "target", "role", "label"], name="one_reference_per_use"
            ),
            models.CheckConstraint(
                condition=~models.Q(source=models.F("target")), name="reference_is_not_to_itself"
            ),
            models.CheckConstraint(condition=~models.Q(role=""), name="reference_has_a_role"),
            models.CheckConstraint(
                condition=models.Q(follow__in=Follow.values), name="reference_follow_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} → {self.target} ({self.role})"

    @property
    def consumed_version(self) -> Any:  # noqa: ANN401 (a Version; that room lies above)
        """The version of the source that the target was made from."""
        return self.consumption.version
