"""Admin of projects, of entities, which can be changed here, of versions, runs and webhooks."""

from propagation.admin import (
    audit,
    conflicts,
    entities,
    notices,
    people,
    plans,
    projects,
    rules,
    runs,
    steering,
    tokens,
    versions,
    webhooks,
)

__all__ = [
    "audit",
    "conflicts",
    "entities",
    "notices",
    "people",
    "plans",
    "projects",
    "rules",
    "runs",
    "steering",
    "tokens",
    "versions",
    "webhooks",
]
