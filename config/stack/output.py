"""The terminal of the stack: each line carries the name of the part that printed it."""

import os
from collections.abc import Iterator, Mapping
from typing import TextIO

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)  # ANSI codes, in the order of the parts
LONGEST_LINE = 65_536  # bytes; a part that never ends its line must not fill the memory


class LineSplitter:
    """Turns chunks of bytes into whole lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[str]:
        """Yield the lines that the chunk completes."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            yield _decode(line)

    def finish(self) -> Iterator[str]:
        """Yield what is left when the part has closed its end."""
        if self._rest:
            yield _decode(self._rest)
        self._rest = b""


def _decode(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").rstrip("\r")


def make_prefixes(names: tuple[str, ...], *, has_colour: bool) -> Mapping[str, str]:
    """Return what to print before the lines of each part."""
    width = max(map(len, names))
    prefixes = {}
    for index, name in enumerate(names):
        prefix = f"{name:<{width}} | "
        if has_colour:
            prefix = f"\x1b[{COLOURS[index % len(COLOURS)]}m{prefix}\x1b[0m"
        prefixes[name] = prefix
    return prefixes


def wants_colour(stream: TextIO) -> bool:
    """Return whether the stream is a terminal whose user did not refuse colour."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


class Printer:
    """Writes prefixed lines; once nobody reads them any more, it drops them."""

    def __init__(self, stream: TextIO, *, names: tuple[str, ...]) -> None:
        self._stream = stream
        self._prefixes = make_prefixes(names, has_colour=wants_colour(stream))
        self.is_broken = False

    def show(self, name: str, line: str) -> None:
        """Print one line of one part."""
        if self.is_broken:
            return
        try:
            self._stream.write(f"{self._prefixes[name]}{line}\n")
            self._stream.flush()
        except OSError:  # the reader of our output went away, or the terminal did
            self.is_broken = True
