"""The work of a run: items, and the batches that do them."""

from django.db import models

from assets.models import Entity
from propagation.models.run import PropagationRun
from versions.models import Version


class ItemState(models.TextChoices):
    """What became of one target; all but queued, waiting and held are final."""

    QUEUED = "queued"
    WAITING = "waiting", "waiting: somebody outside makes it"
    APPLIED = "applied", "applied: it has a new version"
    UNCHANGED = "unchanged", "unchanged: nothing that it uses had moved"
    FAILED = "failed"
    HELD = "held", "held: a rule kept it back for a person"
    IGNORED = "ignored", "ignored: a rule leaves it as it is"
    PINNED = "pinned", "pinned: it does not follow what changed"
    RELEASED = "released", "released: a person let it go on, in another run"
    REJECTED = "rejected", "rejected: a person leaves it as it is"
    SUPERSEDED = "superseded", "superseded: a newer run took it over"
    SKIPPED = "skipped", "skipped: a person left it out while the run was under way"
    CANCELLED = "cancelled", "cancelled: the run was ended before it was started"


OPEN_STATES = (ItemState.QUEUED, ItemState.WAITING)
"""Those of an item that its run still has to do."""


DONE = models.F("applied") + models.F("unchanged") + models.F("failed") + models.F("skipped")
"""SQL: the items of a batch that are over."""


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
    deliveries = models.PositiveIntegerField(
        default=0, help_text="Attempts that came to nothing, and the one under way."
    )
    delivered_at = models.DateTimeField(
        null=True, help_text="Since when an attempt has been under way; none when it was ended."
    )
    applied = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(
        default=0, help_text="Items that were never started: skipped, cancelled or superseded."
    )
    done_at = models.DateTimeField(null=True)
    took_ms = models.PositiveIntegerField(
        null=True, help_text="From the claim to the end of the attempt that did it."
    )

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
                    size=models.F("applied")
                    + models.F("unchanged")
                    + models.F("failed")
                    + models.F("skipped")
                )
                | models.Q(done_at=None),
                name="a_done_batch_accounts_for_each_item",
            ),
        ]
        indexes = [
            # The sweep looks for those that somebody began and did not end.
            models.Index(
                fields=["delivered_at"],
                name="batches_under_way",
                condition=models.Q(done_at=None, delivered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.number} of run {self.run_id}"

    @property
    def left(self) -> int:
        """How many of its items are not over."""
        return self.size - self.applied - self.unchanged - self.failed - self.skipped


class PropagationItem(models.Model):
    """One target in one run: exactly one row, whatever the number of paths that lead to it.

    A million of them are written by one change and written again by its run, so no foreign key is
    checked by the database (see Version), and every index has its reason below. None but those of
    the key, the target and the batch has a row of an item that is applied.
    """

    run = models.ForeignKey(
        PropagationRun,
        models.CASCADE,
        related_name="items",
        db_index=False,  # the unique constraint below begins with it
        db_constraint=False,
    )
    entity = models.ForeignKey(
        Entity,
        models.PROTECT,
        related_name="propagation_items",
        db_index=False,
        db_constraint=False,
    )
    batch = models.ForeignKey(
        PropagationBatch,
        models.CASCADE,
        null=True,
        related_name="items",
        db_constraint=False,
        # A batch reads its items by it. None: the item was held or ignored.
    )
    level = models.PositiveIntegerField(help_text="Longest distance from the change, in edges.")
    state = models.CharField(max_length=16, choices=ItemState, default=ItemState.QUEUED)
    before = models.ForeignKey(
        Version,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="The target's best version until it was rebuilt.",
    )
    version = models.ForeignKey(
        Version,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="What it was rebuilt as; of an item that is tried again, at its last attempt.",
    )
    rule = models.CharField(max_length=64, help_text="The rule that decided about it.")
    reason = models.TextField(help_text="What made the rule fit.")
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "entity"], name="one_item_per_target"),
            models.CheckConstraint(
                condition=models.Q(state__in=ItemState.values), name="item_state_is_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="applied") | models.Q(version__isnull=False),
                name="an_applied_item_has_its_version",
            ),
        ]
        indexes = [
            # check_consistency excuses targets that an unfinished run contains, that failed, or
            # that somebody keeps as they are; they are few, though the table is not.
            models.Index(
                fields=["entity"],
                name="open_items",
                condition=models.Q(
                    state__in=[
                        "queued",
                        "waiting",
                        "failed",
                        "held",
                        "ignored",
                        "rejected",
                        "skipped",
                        "cancelled",
                    ]
                ),
            ),
            # Whether a batch waits for somebody outside is asked whenever a step is sent: 0.1 ms
            # with this, 100 ms for 20 batches of 500 items without.
            models.Index(
                fields=["batch"], name="waiting_items", condition=models.Q(state="waiting")
            ),
            # The list of what waits for a person, and how much of a run does.
            models.Index(fields=["run"], name="held_items", condition=models.Q(state="held")),
        ]

    def __str__(self) -> str:
        return f"{self.entity.code} in run {self.run_id}"
