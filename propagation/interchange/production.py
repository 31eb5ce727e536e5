"""A production as plain values, between a file and the database."""

from collections.abc import Sequence
from dataclasses import dataclass

from versions.canonical import JsonObject

FORMAT = "asset-propagation-project/1"
TYPED_LISTS = ("character", "prop", "wardrobe", "location", "style")
"""Asset types that have a list of their own in a file, named with an s."""
SHOT_ROLES = ("character", "prop", "wardrobe", "location", "style")
"""Roles of a shot's visual prompt: key = role + _references."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedEntity:
    """One asset, shot or sequence. body: its content as canonical JSON."""

    code: str
    kind: str
    type: str
    name: str
    body: str
    pointer: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedReference:
    """One reference: the target uses the source. position: order within the role, from 0."""

    source: str
    target: str
    role: str
    position: int
    attributes: JsonObject
    pointer: str


@dataclass(frozen=True, kw_only=True)
class Production:
    """A whole production without defects.

    entities: in file order. references: at most one per ordered pair. order: every code, sources
    before targets. ignored: keys at the top of the file that the format does not know.
    """

    code: str
    name: str
    details: JsonObject
    entities: Sequence[RecordedEntity]
    references: Sequence[RecordedReference]
    order: Sequence[str]
    ignored: Sequence[str]
