"""Tokens: what lets a program act for a user, as far as the token goes."""

import secrets
from typing import Any

from django.db import models
from knox.models import AbstractAuthToken

from assets.models import Project

NAME_LENGTH = 100


class Scope(models.TextChoices):
    """What a token is for; each scope has all that the ones before it have."""

    READ = "read"
    WRITE = "write", "write: change the production"
    ADMIN = "admin", "admin: also rules, settings, members and webhooks"

    def includes(self, other: "Scope") -> bool:
        """Tell whether this scope has all that the other one has."""
        order = list(type(self))
        return order.index(self) >= order.index(other)


def make_code() -> str:
    """Return a name for a token that gives nothing of it away."""
    return f"tok_{secrets.token_hex(8)}"


class AccessToken(AbstractAuthToken):  # type: ignore[misc]
    """Lets its holder act for a user: never for more than the user may, and within its scope.

    Its SHA-512 is kept, not the token. `projects` only count where `is_confined`, so that a token
    whose last project goes reaches none, instead of all. What one token made goes with it. Only
    `last_used_at` ever changes. Written by `propagation.services.access_tokens`.
    """

    code = models.CharField(max_length=32, unique=True, default=make_code, editable=False)
    name = models.CharField(max_length=NAME_LENGTH, help_text="What it is for.")
    scope = models.CharField(max_length=8, choices=Scope)
    is_confined = models.BooleanField(default=False, help_text="To its projects.")
    projects: "models.ManyToManyField[Project, Any]" = models.ManyToManyField(
        Project, related_name="+"
    )
    made_with = models.ForeignKey("self", models.CASCADE, null=True, related_name="+")
    last_used_at = models.DateTimeField(null=True, help_text="To the hour.")

    class Meta:
        verbose_name = "access token"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope__in=Scope.values), name="token_scope_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.scope}) of {self.user}"
