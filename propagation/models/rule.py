"""The rules of a project: what becomes of the targets that a change reaches."""

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from assets.models import Project
from assets.models.json_text import JSONTextField


class RuleAction(models.TextChoices):
    """What a rule decides (propagation.rules.rule.Action)."""

    UPDATE = "update"
    HOLD = "hold", "hold: wait for a person"
    IGNORE = "ignore", "ignore: leave it as it is"


class PropagationRule(models.Model):
    """One rule; of a project's rules the first that fits decides, then the built-in ones.

    Lists name what fits, empty ones fit anything. Written by `propagation.services.edit_rules`,
    which refuses what can never match.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="rules")
    name = models.CharField(max_length=64, help_text="A word that people and items call it by.")
    position = models.IntegerField(default=0, help_text="Order, ascending.")
    is_enabled = models.BooleanField(default=True)
    action = models.CharField(max_length=16, choices=RuleAction)
    lane = models.CharField(max_length=16, blank=True, default="")
    source_types = JSONTextField(default=list, blank=True)
    target_types = JSONTextField(default=list, blank=True)
    roles = JSONTextField(default=list, blank=True)
    facets = JSONTextField(default=list, blank=True)
    fields = JSONTextField(default=list, blank=True)
    impacts = JSONTextField(default=list, blank=True)
    target_statuses = JSONTextField(default=list, blank=True)
    expression = models.TextField(blank=True, default="")

    objects: Any = models.Manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["project", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_rule_per_name"),
            models.CheckConstraint(
                condition=models.Q(action__in=RuleAction.values), name="rule_action_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(lane__in=["", "realtime", "batch", "background"]),
                name="rule_lane_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name
