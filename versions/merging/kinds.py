"""How two changes of one field go together: what is known of fields, and what is guessed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

PROSE_WORDS = 12
"""A text of as many words is prose though nobody said so; a shorter one is a value."""

_WORD = re.compile(r"\w+")


class MergeKind(StrEnum):
    """How a field is merged. Objects are merged key by key, lists of objects with ids by id."""

    VALUE = "value"
    PROSE = "prose"
    SET = "set"
    LIST = "list"
    MEDIA = "media"


FIELD_KINDS: Mapping[str, MergeKind] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "action",
                "backstory",
                "caption",
                "comment",
                "comments",
                "description",
                "dialogue",
                "direction",
                "logline",
                "negative_prompt",
                "note",
                "notes",
                "prompt",
                "script",
                "summary",
                "synopsis",
                "treatment",
            ),
            MergeKind.PROSE,
        ),
        **dict.fromkeys(
            ("aliases", "departments", "keywords", "labels", "reviewers", "tags", "watchers"),
            MergeKind.SET,
        ),
        **dict.fromkeys(
            ("audio", "image", "images", "media", "thumbnail", "thumbnail_url", "url", "video"),
            MergeKind.MEDIA,
        ),
    }
)
"""What is known of fields by their name, wherever they lie."""


@dataclass(frozen=True, kw_only=True)
class Schema:
    """What a project knows of its fields, by dotted path or by name, over what is built in."""

    own: Mapping[str, MergeKind] = field(default_factory=dict)

    def find_kind(self, names: tuple[str, ...]) -> MergeKind | None:
        """Return how the field of these keys is merged, from the outermost; None: not known.

        A field of which nothing is known is merged like the one that it lies in.
        """
        for length in range(len(names), 0, -1):
            path, name = ".".join(names[:length]), names[length - 1]
            kind = self.own.get(path) or self.own.get(name) or FIELD_KINDS.get(name)
            if kind is not None:
                return kind
        return None


def is_prose(text: str) -> bool:
    """Tell whether a text of which nothing is known is to be merged word by word."""
    return "\n" in text.strip() or sum(1 for _ in _WORD.finditer(text)) >= PROSE_WORDS
