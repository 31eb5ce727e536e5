"""The audit trail."""

from django.conf import settings
from django.db import models

from assets.models import Entity, Project
from assets.models.json_text import JSONTextField


class AuditEntry(models.Model):
    """Somebody, or a run, changed something. Append-only: triggers refuse anything else.

    Written in the transaction of the change, by `propagation.audit`. What a run makes of its
    targets stands in their versions and items, which are as immutable; the activity of an entity
    and of a run shows these among the entries.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="audit_entries", db_index=False
    )
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="None: the operator of the machine, or the system itself.",
    )
    action = models.CharField(max_length=64)
    name = models.CharField(
        max_length=255, blank=True, default="", help_text="What it is about, where it has a name."
    )
    entity = models.ForeignKey(Entity, models.PROTECT, null=True, related_name="+", db_index=False)
    run_id = models.BigIntegerField(null=True)
    rule = models.CharField(max_length=64, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    before = JSONTextField(null=True)
    after = JSONTextField(null=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            # Pages of the activity of a project, of an entity and of a run, newest first.
            models.Index(fields=["project", "-at", "-id"], name="audit_of_project"),
            models.Index(
                fields=["entity", "-at", "-id"],
                name="audit_of_entity",
                condition=models.Q(entity__isnull=False),
            ),
            models.Index(
                fields=["run_id", "-at", "-id"],
                name="audit_of_run",
                condition=models.Q(run_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.name}".strip()
