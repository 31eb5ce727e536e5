"""Plans that were shown, so that whoever saw one can have exactly that."""

from django.conf import settings
from django.db import models

from assets.models import Project
from assets.models.json_text import JSONTextField


class StoredPlan(models.Model):
    """What a dry run showed, under a token that cannot be guessed.

    bases: the number of each entity's best version, contents: the SHA-256 of what it would carry,
    both by entity id as text. targets: rows of entity id, level, verdict, rule, reason, lane,
    facets, and the entity through which it is reached.
    """

    token = models.CharField(max_length=64, unique=True)
    project = models.ForeignKey(Project, models.CASCADE, related_name="plans")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", db_index=False
    )
    summary = JSONTextField(default=dict, help_text="What the dry run answered, without items.")
    bases = JSONTextField(default=dict)
    contents = JSONTextField(default=dict)
    targets = JSONTextField(default=list)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"plan {self.token[:8]}…"
