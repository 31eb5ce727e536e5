"""Subscriptions: what people watch, and what they want to hear nothing of."""

from typing import Any

from django.conf import settings
from django.db import models

from assets.models import Entity, Project
from propagation.models.run import PropagationRun


class SubscriptionMode(models.TextChoices):
    """What somebody wants to hear of a subject."""

    WATCH = "watch"
    MUTE = "mute", "mute: nothing, whatever else they watch"
    NONE = "none", "none: as if they had never said anything, and edits do not change that"


class SubscriptionOrigin(models.TextChoices):
    """Who subscribed them."""

    CHOSEN = "chosen", "chosen: they themselves"
    EDITED = "edited", "edited: they edited the entity"


class Subscription(models.Model):
    """Somebody watches or mutes one subject: a project, an entity, or a run.

    `none` is a row as well: it remembers that somebody stopped watching, so that their next edit
    does not subscribe them again. Of their own choices `propagation.services.edit_subscriptions`
    is the writer; `propagation.notices.following` adds rows and never changes one.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="subscriptions",
        db_index=False,  # the unique constraints below begin with it
    )
    # Each of the three is indexed: who watches it is asked when a run ends.
    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="subscriptions")
    entity = models.ForeignKey(Entity, models.CASCADE, null=True, related_name="subscriptions")
    run = models.ForeignKey(PropagationRun, models.CASCADE, null=True, related_name="subscriptions")
    mode = models.CharField(max_length=8, choices=SubscriptionMode)
    origin = models.CharField(max_length=8, choices=SubscriptionOrigin)
    created_at = models.DateTimeField()

    objects: Any = models.Manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "project"], name="one_word_per_project"),
            models.UniqueConstraint(fields=["user", "entity"], name="one_word_per_entity"),
            models.UniqueConstraint(fields=["user", "run"], name="one_word_per_run"),
            models.CheckConstraint(
                condition=models.Q(project__isnull=False, entity=None, run=None)
                | models.Q(project=None, entity__isnull=False, run=None)
                | models.Q(project=None, entity=None, run__isnull=False),
                name="subscription_has_one_subject",
            ),
            models.CheckConstraint(
                condition=models.Q(mode__in=SubscriptionMode.values),
                name="subscription_mode_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(origin__in=SubscriptionOrigin.values),
                name="subscription_origin_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.mode} {self.topic}"

    @property
    def topic(self) -> str:
        """The subject as people write it, such as asset:night-ferry:char-001 or run:41."""
        if self.project is not None:
            return f"project:{self.project.code}"
        if self.run_id is not None:
            return f"run:{self.run_id}"
        assert self.entity is not None  # noqa: S101 (the constraint above)
        return f"{self.entity.kind}:{self.entity.qualified_code}"
