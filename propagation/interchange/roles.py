"""Roles that a production file has a key for, and between what they may stand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from propagation.interchange.production import SHOT_ROLES


class Typed(Protocol):
    """Anything with a kind (asset, shot, sequence) and a type."""

    @property
    def kind(self) -> str: ...  # noqa: D102

    @property
    def type(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class RoleRule:
    """What a role may stand between. is_single: the key holds one id, not a list."""

    source: str
    is_source: Callable[[Typed], bool]
    target_kind: str
    is_single: bool = False


ROLE_RULES: Mapping[str, RoleRule] = {
    "worn_by": RoleRule(
        source="a character",
        is_source=lambda one: one.type == "character",
        target_kind="asset",
        is_single=True,
    ),
    "used_in": RoleRule(
        source="a location",
        is_source=lambda one: one.type == "location",
        target_kind="asset",
    ),
    "in_sequence": RoleRule(
        source="a shot", is_source=lambda one: one.kind == "shot", target_kind="sequence"
    ),
    "in_parent": RoleRule(
        source="a sequence",
        is_source=lambda one: one.kind == "sequence",
        target_kind="sequence",
        is_single=True,
    ),
    **dict.fromkeys(
        SHOT_ROLES,
        RoleRule(source="an asset", is_source=lambda one: one.kind == "asset", target_kind="shot"),
    ),
}
"""All roles with a key of their own but depends_on, which may stand between any two entities."""


def say_role(role: str) -> str:
    """Return the role as a file says it: one of one's own becomes depends_on."""
    return role if role in ROLE_RULES else "depends_on"
