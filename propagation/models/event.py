"""The event log: what happened in a project, in an order that readers can trust."""

from django.db import models

from assets.models import Project


class EventCounter(models.Model):
    """The number of a project's newest event.

    Locked by the update that takes a number and until its transaction ends, so numbers become
    visible in ascending order. Taken last in a transaction, after every other lock.
    """

    project = models.OneToOneField(
        Project, models.CASCADE, primary_key=True, related_name="event_counter"
    )
    seq = models.BigIntegerField(default=0)
    trimmed = models.BigIntegerField(
        default=0, db_default=0, help_text="Events up to this one are not kept any more."
    )

    def __str__(self) -> str:
        return f"{self.project.code}: {self.seq}"


class Event(models.Model):
    """Something that happened, written in the transaction that made it happen. Append-only."""

    project = models.ForeignKey(
        Project,
        models.CASCADE,
        related_name="events",
        db_index=False,  # the unique constraint below begins with it
    )
    seq = models.BigIntegerField()
    type = models.CharField(max_length=64)
    run_id = models.BigIntegerField(null=True)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["project", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["project", "seq"], name="one_event_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.type}"


class LogReader(models.Model):
    """How far somebody who acts on events after their commit has come in a project's log.

    Moved in the transaction that writes what follows from the events, so that each event is acted
    on once. Written by `propagation.live.reading`.
    """

    name = models.CharField(max_length=32)
    project = models.ForeignKey(Project, models.CASCADE, related_name="log_readers", db_index=False)
    seq = models.BigIntegerField(default=0, help_text="The last event that it has dealt with.")
    failures = models.PositiveSmallIntegerField(
        default=0, help_text="How often in a row the next one could not be dealt with."
    )
    retry_at = models.DateTimeField(null=True)
    alone_until = models.BigIntegerField(
        default=0, help_text="Up to this event, one at a time: one of them cannot be dealt with."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_place_per_reader"),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.seq}"


class ToldProgress(models.Model):
    """When the log last said how far a run is, so that it does not say so too often.

    Written before the project's event counter is locked, by whoever counts and tells it.
    """

    run = models.OneToOneField("PropagationRun", models.CASCADE, primary_key=True)
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.run} at {self.told_at}"
