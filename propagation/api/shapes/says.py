"""What a shape says beside its type."""

from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Says:
    """What is said of a type beside what it is, in `Annotated`."""

    description: str | None = None
    example: str | None = None
    minimum: int | None = None
    maximum: int | None = None

    def write(self) -> Schema:
        """Return its keywords."""
        keywords = {name: value for name, value in vars(self).items() if value is not None}
        example = keywords.pop("example", None)
        return keywords | ({"examples": [example]} if example is not None else {})
