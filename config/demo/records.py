"""The plain values from which an invented production is assembled."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One thing that shots are made of.

    `key` is the short word by which the script calls it; `worn_by`, `used_in` and `depends_on`
    hold asset ids, as in the file format.
    """

    key: str
    asset_id: str
    kind: str
    name: str
    attributes: Mapping[str, str | int]
    worn_by: str = ""
    used_in: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceText:
    """One sequence as it was written: a number, a name, a summary and its script."""

    number: int
    name: str
    summary: str
    script: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Where and when a run of shots takes place.

    `extras` maps the key of a character to the key of a garment worn over their own.
    """

    location: str
    style: str
    time_of_day: str
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One line of the script: what a single shot shows."""

    setup: Setup
    size: str
    cast: tuple[str, ...]
    props: tuple[str, ...]
    description: str
    is_critical: bool
    opens_setup: bool
