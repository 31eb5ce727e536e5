"""Runs: one propagation each."""

from django.conf import settings
from django.db import models

from assets.models import Entity, Project
from versions.models import Version


class RunKind(models.TextChoices):
    """What started the run."""

    CHANGE = "change"
    ROLLBACK = "rollback"
    RELINK = "relink", "relink: references were added or removed"
    IMPORT = "import"
    REPAIR = "repair", "repair: references were found outdated"


class RunMode(models.TextChoices):
    """Which lanes the run may use (STORY-089: propagation_mode).

    auto: critical targets and what lies before them through realtime, the rest through batch or
    background by their number. Any other: all through that lane.
    """

    AUTO = "auto"
    REALTIME = "realtime"
    BATCH = "batch"
    BACKGROUND = "background"


class RunStatus(models.TextChoices):
    """Where a run stands: accepted → running → one of the rest, which are final."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCESS = "success"
    PARTIAL = "partial", "partial: some items failed"
    FAILED = "failed", "failed: every item failed"


ACTIVE_STATUSES = (RunStatus.ACCEPTED, RunStatus.RUNNING)
PROCESSED_ITEMS = models.Sum(
    models.F("batches__applied") + models.F("batches__unchanged") + models.F("batches__failed"),
    default=0,
)
"""SQL: the items of a run that are done, from its few batches instead of its many items."""


class PropagationRun(models.Model):
    """One propagation: from the sources that changed to all that they affect.

    The row is created in the transaction that publishes the change, and is the truth about how
    far the run is: messages only say that it is worth a look. `step` is the chord that is under
    way, `generation` grows whenever somebody takes the next action; whoever moves it by
    compare-and-set has the right to act (`propagation.execution.advance`).
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=16, choices=RunKind)
    mode = models.CharField(max_length=16, choices=RunMode, default=RunMode.AUTO)
    status = models.CharField(max_length=16, choices=RunStatus, default=RunStatus.ACCEPTED)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="runs"
    )
    note = models.TextField(blank=True, default="")
    notify_users = models.BooleanField(default=True)
    graph_revision = models.BigIntegerField(help_text="The graph that the plan was made on.")
    total = models.PositiveIntegerField(help_text="Items.")
    steps = models.PositiveIntegerField(help_text="Chords, one after the other.")
    step = models.PositiveIntegerField(default=0, help_text="The chord under way, from 0.")
    generation = models.PositiveIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(
        default=0, help_text="How often the step under way was sent again."
    )
    created_at = models.DateTimeField()
    dispatched_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=RunStatus.values), name="run_status_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=RunKind.values), name="run_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(mode__in=RunMode.values), name="run_mode_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=ACTIVE_STATUSES, finished_at=None)
                | ~models.Q(status__in=ACTIVE_STATUSES) & models.Q(finished_at__isnull=False),
                name="run_is_finished_exactly_when_its_status_says_so",
            ),
        ]
        indexes = [
            # The sweep and propagation-status read only the few runs that are under way.
            models.Index(
                fields=["project"],
                name="active_runs",
                condition=models.Q(status__in=ACTIVE_STATUSES),
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def is_active(self) -> bool:
        """Whether the run is still under way."""
        return self.status in ACTIVE_STATUSES


class RunSource(models.Model):
    """One entity whose new version started the run."""

    run = models.ForeignKey(PropagationRun, models.CASCADE, related_name="sources", db_index=False)
    entity = models.ForeignKey(Entity, models.PROTECT, related_name="+", db_index=False)
    version = models.ForeignKey(Version, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "entity"], name="one_source_per_entity"),
        ]

    def __str__(self) -> str:
        return f"{self.version} → {self.run}"
