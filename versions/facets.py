"""Facets: which side of an entity a change touches, and which sides somebody consumes.

A set of facets is a small number with one bit each (IntFlag), so that the database can intersect
sets: a reference is touched by a change when `changed & facets` is not zero.
"""

from collections.abc import Iterable, Mapping
from enum import IntFlag
from types import MappingProxyType


class Facet(IntFlag):
    """The three classifiers of STORY-089, and media."""

    VISUAL = 1
    METADATA = 2
    RELATIONSHIP = 4
    MEDIA = 8


ALL_FACETS = Facet(15)
NO_FACETS = Facet(0)

FIELD_FACETS: Mapping[str, Facet] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "name",
                "aliases",
                "comment",
                "comments",
                "credits",
                "department",
                "due_date",
                "metadata",
                "note",
                "notes",
                "owner",
                "status",
                "tags",
                "attributes.priority",
            ),
            Facet.METADATA,
        ),
        **dict.fromkeys(
            ("audio", "image", "images", "media", "thumbnail", "thumbnail_url", "url", "video"),
            Facet.MEDIA,
        ),
    }
)
"""What is known of fields, by dotted path; a field stands for all that lies in it."""

CONSUMED = Facet.VISUAL | Facet.RELATIONSHIP | Facet.MEDIA
"""What a reference consumes unless its role or it itself says otherwise: how something looks,
what it is made of and shown by, but not what people note about it."""

ROLE_FACETS: Mapping[str, Facet] = MappingProxyType({})
"""Roles that consume something else."""


def get_consumed(role: str) -> Facet:
    """Return the facets that a reference of this role consumes by default."""
    return ROLE_FACETS.get(role, CONSUMED)


def classify(fields: Iterable[str], known: Mapping[str, Facet] = FIELD_FACETS) -> Facet:
    """Return the facets that changes of these fields (dotted paths) touch.

    The longest part of a path that is known decides. A field of which nothing is known is visual,
    so that no change is missed.
    """
    touched = NO_FACETS
    for field in fields:
        touched |= _classify_field(field, known)
    return touched


def name_facets(facets: int) -> list[str]:
    """Return the names of the facets, in the order of the class."""
    return [str(one.name).lower() for one in Facet if one & facets]


def read_facets(names: Iterable[str]) -> Facet:
    """Return the set of the facets of these names; KeyError for one that is none."""
    found = NO_FACETS
    for name in names:
        found |= Facet[name.upper()]
    return found


def _classify_field(field: str, known: Mapping[str, Facet]) -> Facet:
    path = field
    while path:
        if path in known:
            return known[path]
        path = path.rpartition(".")[0]
    return Facet.VISUAL
