"""Notifications: what somebody is told, and how far its mail is."""

from django.conf import settings
from django.db import models

from assets.models import Entity, Project
from propagation.models.conflict import Conflict
from propagation.models.run import PropagationRun


class Reason(models.TextChoices):
    """Why somebody is told; of several, the first of these."""

    CONFLICT = "conflict", "conflict: an edit met another one, and it concerns them"
    APPROVAL = "approval", "approval: the run left targets for them to decide about"
    STARTED = "started", "started: they started the run, and it did not go as it should"
    RUN = "run", "run: they watch the run"
    SOURCE = "source", "source: they watch what changed"
    TARGET = "target", "target: they watch what the change reached"
    SEQUENCE = "sequence", "sequence: they watch a sequence that holds what the change reached"
    PROJECT = "project", "project: they watch the project"


class Notification(models.Model):
    """What one person is told of one run, or of one conflict.

    A run that is retried, and a conflict that is decided, renew their rows instead of adding more.
    Written by `propagation.notices` and `propagation.services.mark_notices`, all of which hold the
    lock on the inbox of each user whose rows they write. `facts` are those of `notices.wording`.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="notifications",
        db_index=False,  # the index of the list below begins with it
    )
    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    # Both are indexed: when a run or conflict is over again, its rows are found by it.
    run = models.ForeignKey(PropagationRun, models.CASCADE, null=True, related_name="+")
    conflict = models.ForeignKey(Conflict, models.CASCADE, null=True, related_name="+")
    reason = models.CharField(max_length=16, choices=Reason)
    entity = models.ForeignKey(
        Entity,
        models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        help_text="What they watch of what was reached; none when it is not about an entity.",
    )
    also = models.PositiveIntegerField(
        default=0, help_text="How many more of the things that they watch were reached."
    )
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(help_text="When they were told, or told anew.")
    read_at = models.DateTimeField(null=True)
    mail_due_at = models.DateTimeField(
        null=True, help_text="When it is mailed, or tried again; none: it is not, or not any more."
    )
    mail_attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    mail_sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-updated_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "run"], name="one_notice_per_run"),
            models.UniqueConstraint(fields=["user", "conflict"], name="one_notice_per_conflict"),
            models.CheckConstraint(
                condition=models.Q(run__isnull=False, conflict=None)
                | models.Q(run=None, conflict__isnull=False),
                name="notice_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(reason__in=Reason.values), name="notice_reason_is_known"
            ),
        ]
        indexes = [
            # The inbox, newest first.
            models.Index(fields=["user", "-updated_at", "-id"], name="inbox_newest_first"),
            # How many are unread is counted with each change of an inbox; most rows are read.
            models.Index(fields=["user"], name="unread_notices", condition=models.Q(read_at=None)),
            # The courier asks twice a second what is to be mailed.
            models.Index(
                fields=["mail_due_at"],
                name="due_mail",
                condition=models.Q(mail_due_at__isnull=False),
            ),
            # The scheduler deletes what was read long ago.
            models.Index(
                fields=["read_at"],
                name="read_notices",
                condition=models.Q(read_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        about = f"run {self.run_id}" if self.run_id else f"conflict {self.conflict_id}"
        return f"{about} ({self.reason})"
