"""What a project says of conflicts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.models import User

from assets.models import Project
from propagation.conflicts.strategies import Policy
from propagation.exceptions import BaseRequiredError


@dataclass(frozen=True, kw_only=True)
class Resolving:
    """A person resolves a stored conflict.

    fields: what clashed when they chose. choices: per field, a side or a value. is_forced: a
    supervisor goes on whatever stands in the way.
    """

    conflict_id: int
    fields: list[Mapping[str, Any]] = field(default_factory=list)
    choices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    is_forced: bool = False


def load_policy(*, project_id: int, resolving: Resolving | None = None) -> Policy:
    """Return the policy of a project, as it is for whoever resolves a conflict; one statement."""
    columns = ("strictness", "strict_writes", "leases_lock")
    kept = Project.objects.values(*columns).get(pk=project_id)
    policy = Policy(**kept)
    if resolving is None:
        return policy
    return replace(policy, is_forced=resolving.is_forced)


def check_based(
    *, policy: Policy, base_versions: Collection[int | None], actor: User | None
) -> None:
    """Raise BaseRequiredError where the project wants every change to say what it started from.

    The operator of the machine is not asked.
    """
    if policy.strict_writes and actor is not None and None in base_versions:
        raise BaseRequiredError
