"""Conflicts: edits that met another one, and what became of both."""

from typing import Any

from django.conf import settings
from django.db import models

from assets.models import Entity, Project
from assets.models.json_text import JSONTextField
from propagation.models.run import PropagationRun
from versions.models import Version


class ConflictType(models.TextChoices):
    """The types of STORY-089."""

    SIMULTANEOUS_EDIT = "simultaneous_edit"
    VERSION_CONFLICT = "version_conflict"
    DEPENDENCY_CONFLICT = "dependency_conflict"


class Subject(models.TextChoices):
    """What the edit was about."""

    CONTENT = "content"
    REFERENCES = "references"
    VISIBILITY = "visibility"


class ConflictStatus(models.TextChoices):
    """What became of the edit; all but open are final."""

    OPEN = "open", "open: it waits for a person"
    MERGED = "merged", "merged: both sides went together by themselves"
    RESOLVED = "resolved", "resolved: a person decided"
    DISMISSED = "dismissed", "dismissed: a person left it out"
    EXPIRED = "expired", "expired: its author withdrew the edit, or made it anew"


class Severity(models.TextChoices):
    """How much hangs on the edit: the impact of what it would change."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Conflict(models.Model):
    """An edit that met another one: stored whole, so that nothing that anybody typed is lost.

    One that is open wrote nothing but this row. `edit` is what its author asked for, in the words
    of `propagation.conflicts.edits`; `base` is the version that it started from and `theirs` the
    one that it met. `fields` are what clashes: `{"field", "kind", "base", "theirs", "yours"}`, a
    side being left out where it has no such field; `choices` what a person chose for them so far.
    Written by `propagation.conflicts.store` and `propagation.services.resolve_conflict`.
    """

    project = models.ForeignKey(
        Project,
        models.CASCADE,
        related_name="conflicts",
        db_index=False,  # the index below begins with it
    )
    entity = models.ForeignKey(Entity, models.CASCADE, related_name="conflicts", db_index=False)
    type = models.CharField(max_length=32, choices=ConflictType)
    subject = models.CharField(max_length=16, choices=Subject, default=Subject.CONTENT)
    cause = models.CharField(max_length=32, help_text="What stood in the way, in one word.")
    status = models.CharField(max_length=16, choices=ConflictStatus, default=ConflictStatus.OPEN)
    severity = models.CharField(max_length=16, choices=Severity)
    description = models.TextField()
    options = JSONTextField(default=list, help_text="How it can be resolved.")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="Whose edit it is.",
    )
    affected_users = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        related_name="conflicts",
        blank=True,
        help_text="Whose edit it met.",
    )
    base = models.ForeignKey(Version, models.PROTECT, null=True, related_name="+", db_index=False)
    theirs = models.ForeignKey(Version, models.PROTECT, null=True, related_name="+", db_index=False)
    edit = JSONTextField(default=dict)
    fields = JSONTextField(default=list)
    choices = JSONTextField(default=dict)
    detail = JSONTextField(default=dict, help_text="What else a person needs to know.")
    version = models.ForeignKey(
        Version,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="What it was resolved to.",
    )
    run = models.ForeignKey(
        PropagationRun, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    reason = models.TextField(blank=True, default="")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects: Any = models.Manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(type__in=ConflictType.values), name="conflict_type_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(severity__in=Severity.values),
                name="conflict_severity_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(subject__in=Subject.values), name="conflict_subject_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status="open", closed_at=None)
                | models.Q(
                    status__in=["merged", "resolved", "dismissed", "expired"],
                    closed_at__isnull=False,
                ),
                name="conflict_is_closed_exactly_when_its_status_says_so",
            ),
        ]
        indexes = [
            # The list of a project, newest first, whatever its state.
            models.Index(fields=["project", "status"], name="conflicts_of_a_project"),
            # A person's next edit of the same entity closes those that it answers.
            models.Index(
                fields=["entity", "author"],
                name="open_conflicts",
                condition=models.Q(status="open"),
            ),
        ]

    def __str__(self) -> str:
        return f"conflict {self.pk} about {self.entity.code}"
