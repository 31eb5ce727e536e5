"""Jobs: items that wait for the result of somebody outside."""

from django.db import models

from assets.models import Project
from assets.models.json_text import JSONTextField
from propagation.models.work import PropagationItem


class JobState(models.TextChoices):
    """What became of a job; all but open are final."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed", "failed: the worker outside said so"
    EXPIRED = "expired", "expired: nobody answered in time"
    CANCELLED = "cancelled", "cancelled: the run was ended"
    OUTDATED = "outdated", "outdated: what it was made from had moved; another one makes it anew"


class ExternalJob(models.Model):
    """One item that a handler gave to somebody outside; whoever has the token completes it."""

    token = models.CharField(max_length=64, unique=True)
    project = models.ForeignKey(Project, models.CASCADE, related_name="jobs", db_index=False)
    item = models.ForeignKey(PropagationItem, models.CASCADE, related_name="jobs")
    state = models.CharField(max_length=16, choices=JobState, default=JobState.OPEN)
    payload = JSONTextField(default=dict)
    inputs = JSONTextField(
        default=list, help_text="Checksums of the versions that the payload was made from."
    )
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=JobState.values), name="job_state_is_known"
            ),
        ]
        indexes = [
            # The list of what is to do, and the scheduler's look for what is overdue.
            models.Index(
                fields=["project", "due_at"],
                name="open_jobs",
                condition=models.Q(state="open"),
            ),
        ]

    def __str__(self) -> str:
        return f"job of {self.item}"
