"""The shooting script's notation, read into beats.

    @ boat-deck / fog / before dawn / M+oilskin
    !OTS ML whistle | What the shot shows.

A line with `@` opens a setup: location, style, time of day and, after a third slash, garments worn
over a character's own. Every other line is one shot: its size, the initials of the cast and the
props, if any, and the description. `!` marks a shot for tonight's dailies.
"""

import re
from collections.abc import Iterator

from config.demo.records import Beat, Setup

_SHOT = re.compile(
    r"(?P<critical>!?)(?P<size>[0-9A-Z]+)(?: (?P<cast>[A-Z]+))?(?: (?P<props>[a-z,]+))?"
    r" \| (?P<text>.+)",
)


class ScriptLineError(ValueError):
    """A line of the script is neither a setup nor a shot."""

    def __init__(self, *, line: str) -> None:
        """Keep the offending line."""
        super().__init__(f"{self.__doc__} {line!r}")
        self.line = line


def read_script(*, script: str) -> Iterator[Beat]:
    """Yield the beats of `script` in cut order.

    Raises ScriptLineError for a line that is malformed or stands before the first setup.
    """
    setup: Setup | None = None
    is_first = False
    for line in filter(None, map(str.strip, script.splitlines())):
        if line.startswith("@"):
            setup, is_first = _read_setup(line), True
            continue
        if setup is None:
            raise ScriptLineError(line=line)
        yield _read_beat(line, setup=setup, opens_setup=is_first)
        is_first = False


def _read_setup(line: str) -> Setup:
    parts = [part.strip() for part in line.removeprefix("@").split("/")]
    if len(parts) not in {3, 4}:
        raise ScriptLineError(line=line)
    location, style, time_of_day, *rest = parts
    extras = dict(extra.split("+") for extra in " ".join(rest).split())
    return Setup(location=location, style=style, time_of_day=time_of_day, extras=extras)


def _read_beat(line: str, *, setup: Setup, opens_setup: bool) -> Beat:
    match = _SHOT.fullmatch(line)
    if match is None:
        raise ScriptLineError(line=line)
    return Beat(
        setup=setup,
        size=match["size"],
        cast=tuple(match["cast"] or ""),
        props=tuple((match["props"] or "").split(",")) if match["props"] else (),
        description=match["text"],
        is_critical=bool(match["critical"]),
        opens_setup=opens_setup,
    )
