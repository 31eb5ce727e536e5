"""The work of a run: items, and the batches that do them."""

from django.db import models

from assets.models import Entity
from propagation.models.run import PropagationRun
from versions.models import Version


class ItemState(models.TextChoices):
    """What became of one target; all but queued are final."""

    QUEUED = "queued"
    APPLIED = "applied", "applied: it has a new version"
    UNCHANGED = "unchanged", "unchanged: nothing that it uses had moved"
    FAILED = "failed"


class PropagationBatch(models.Model):
    """Items done in one task and one transaction.

    `done_at` and the effect of the batch are written together, so a batch is done once however
    often its message is delivered. Batches of one step run in parallel, steps one after the
    other.
    """

    run = models.ForeignKey(PropagationRun, models.CASCADE, related_name="batches", db_index=False)
    number = models.PositiveIntegerField(help_text="Within the run, from 0.")
    step = models.PositiveIntegerField()
    lane = models.CharField(max_length=16)
    size = models.PositiveIntegerField(help_text="Items.")
    deliveries = models.PositiveIntegerField(default=0)
    applied = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "propagation batches"
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="one_batch_per_number"),
            models.CheckConstraint(
                condition=models.Q(lane__in=["realtime", "batch", "background"]),
                name="batch_lane_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    size=models.F("applied") + models.F("unchanged") + models.F("failed")
                )
                | models.Q(done_at=None),
                name="a_done_batch_accounts_for_each_item",
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.number} of run {self.run_id}"


class PropagationItem(models.Model):
    """One target in one run: exactly one row, whatever the number of paths that lead to it."""

    run = models.ForeignKey(PropagationRun, models.CASCADE, related_name="items", db_index=False)
    entity = models.ForeignKey(
        Entity, models.PROTECT, related_name="propagation_items", db_index=False
    )
    batch = models.ForeignKey(
        PropagationBatch,
        models.CASCADE,
        related_name="items",
        # A batch reads its items by it.
    )
    level = models.PositiveIntegerField(help_text="Longest distance from the change, in edges.")
    state = models.CharField(max_length=16, choices=ItemState, default=ItemState.QUEUED)
    version = models.ForeignKey(
        Version, models.PROTECT, null=True, related_name="+", db_index=False
    )
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "entity"], name="one_item_per_target"),
            models.CheckConstraint(
                condition=models.Q(state__in=ItemState.values), name="item_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="applied", version__isnull=False)
                | ~models.Q(state="applied") & models.Q(version=None),
                name="an_applied_item_has_its_version",
            ),
        ]
        indexes = [
            # check_consistency excuses targets that an unfinished run contains or that failed;
            # both are few, so the index is small although the table is not.
            models.Index(
                fields=["entity"],
                name="open_items",
                condition=models.Q(state__in=["queued", "failed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity.code} in run {self.run_id}"
