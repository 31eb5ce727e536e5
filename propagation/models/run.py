"""Runs: one propagation each."""

from django.conf import settings
from django.db import models

from assets.models import Entity, Project
from assets.models.json_text import JSONTextField
from versions.models import Version


class RunKind(models.TextChoices):
    """What started the run."""

    CHANGE = "change"
    ROLLBACK = "rollback"
    BEST = "best", "best: another version was made the best"
    APPROVAL = "approval", "approval: another version is the newest approved"
    RELINK = "relink", "relink: references were added or removed"
    IMPORT = "import"
    REPAIR = "repair", "repair: references were found outdated"
    RELEASE = "release", "release: held targets were approved"
    PIN = "pin", "pin: references were pinned to a version, or let go"
    UNDO = "undo", "undo: another run was taken back"


class RunMode(models.TextChoices):
    """Which lanes the run may use (STORY-089: propagation_mode).

    auto: critical targets and what lies before them through realtime, the rest through batch or
    background by their number. A lane: all through that one. mark: nothing is updated, the targets
    are outdated for all to see. manual: all is held for a person, whatever the rules say.
    """

    AUTO = "auto"
    REALTIME = "realtime"
    BATCH = "batch"
    BACKGROUND = "background"
    MARK = "mark"
    MANUAL = "manual"


class RunStatus(models.TextChoices):
    """Where a run stands: accepted → running → one of the last four, which are final.

    paused: nothing new starts until somebody resumes it. cancelling: nothing new starts at all,
    and what is under way is waited for.
    """

    ACCEPTED = "accepted"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    SUCCESS = "success"
    PARTIAL = "partial", "partial: some items failed"
    FAILED = "failed", "failed: every item failed"
    CANCELLED = "cancelled", "cancelled: a person ended it, or a newer run took it over"


WORKING_STATUSES = (RunStatus.ACCEPTED, RunStatus.RUNNING)
"""Those in which batches are done."""
ACTIVE_STATUSES = (*WORKING_STATUSES, RunStatus.PAUSED, RunStatus.CANCELLING)
"""Those of a run that is not over."""
PROCESSED_ITEMS = models.Sum(
    models.F("batches__applied")
    + models.F("batches__unchanged")
    + models.F("batches__failed")
    + models.F("batches__skipped"),
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
    kept = models.PositiveIntegerField(
        default=0, help_text="Targets that rules held or ignored when it was planned."
    )
    steps = models.PositiveIntegerField(help_text="Chords, one after the other.")
    step = models.PositiveIntegerField(default=0, help_text="The chord under way, from 0.")
    batch_sizes = JSONTextField(
        default=dict, help_text="Targets of the largest batch of each lane, as it was planned."
    )
    generation = models.PositiveIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(
        default=0, help_text="How often the step under way was sent again."
    )
    was_paused = models.BooleanField(
        default=False, help_text="Its duration says nothing about its work then."
    )
    attempts = models.PositiveSmallIntegerField(
        default=1, help_text="How often its work was taken up: once, and once per retry."
    )
    superseded_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        related_name="supersedes",
        db_index=False,
        help_text="The newer run of the same source that took over what was not started.",
    )
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="Who cancelled it; none also when the operator of the machine did.",
    )
    undo_of = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        related_name="undone_by",
        help_text="The run that this one takes back.",
    )
    source_types = JSONTextField(default=list, help_text="What rules were asked about.")
    fields = JSONTextField(default=list, help_text="What rules were asked about.")
    created_at = models.DateTimeField()
    dispatched_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    is_delayed = False
    """Whether the broker did not take its first message; known to whoever sent that."""

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
    before = models.ForeignKey(
        Version,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The best version until then; none when only an approval moved.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "entity"], name="one_source_per_entity"),
        ]

    def __str__(self) -> str:
        return f"{self.version} → {self.run}"
