"""A project: one production."""

import time
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.contrib.auth.models import AnonymousUser, User
from django.core.validators import RegexValidator
from django.db import models
from simple_history.models import HistoricalRecords

from assets.confining import find_confines
from assets.limits import CODE_LENGTH
from assets.models.json_text import JSONTextField

if TYPE_CHECKING:
    from assets.models.membership import Membership


def read_revision_clock() -> int:
    """Return a revision that was never given before (microseconds since 1970)."""
    return time.time_ns() // 1000


class Strictness(models.TextChoices):
    """What makes two edits of one entity a conflict that a person must resolve."""

    STRICT = "strict", "strict: any two edits of the same entity"
    FIELD = "field", "field: edits of the same field that do not go together"
    RELAXED = "relaxed", "relaxed: none; of the same field, the last edit counts"


class ProjectQuerySet(models.QuerySet["Project"]):
    """Projects, narrowed to what someone may see."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return the projects that the user is a member of; all of them for a superuser.

        For somebody who is confined to some projects, these at most.
        """
        visible = self if user.is_superuser else self.filter(memberships__user_id=user.pk)
        confines = find_confines(user)
        return visible if confines is None else visible.filter(pk__in=confines)


class Project(models.Model):
    """One production.

    `graph_revision` grows with every change of the project's entities or references; the writer
    holds the lock on the project's row (`assets.services.locking.lock_project`), which also
    serialises the cycle checks of racing writers. It is taken from the clock (microseconds), so
    that a revision whose transaction was rolled back never comes again with another graph.
    """

    code = models.CharField(
        max_length=CODE_LENGTH - 1,  # its own entity's code is one longer
        unique=True,
        validators=[RegexValidator(r"^[^:\x00-\x1f\x7f]+\Z", "No colon or control character.")],
        help_text="Short name used in URLs, as in night-ferry:char-001.",
    )
    name = models.CharField(max_length=1000)
    details = JSONTextField(default=dict, blank=True, help_text="Source, licence and the like.")
    strictness = models.CharField(
        max_length=16,
        choices=Strictness,
        default=Strictness.FIELD,
        db_default=Strictness.FIELD,
        help_text="What makes two edits a conflict.",
    )
    strict_writes = models.BooleanField(
        default=False,
        db_default=False,
        help_text="A change must say which version it started from.",
    )
    leases_lock = models.BooleanField(
        default=False, db_default=False, help_text="What somebody is editing, nobody else changes."
    )
    graph_revision = models.BigIntegerField(default=read_revision_clock, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    memberships: "models.Manager[Membership]"
    objects: ClassVar[Any] = ProjectQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["graph_revision"])

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                # A colon would make project:code ambiguous.
                condition=~models.Q(code="") & ~models.Q(code__contains=":"),
                name="project_code_is_a_url_word",
            ),
            models.CheckConstraint(
                condition=models.Q(strictness__in=Strictness.values),
                name="project_strictness_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.code
