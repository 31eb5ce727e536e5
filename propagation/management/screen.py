"""Where a command writes: tables and lines for people, or one JSON document for scripts."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import IO, Any, cast

from django.core.management.base import OutputWrapper
from django.core.serializers.json import DjangoJSONEncoder
from rich import box
from rich.console import Console
from rich.table import Table

PIPED_WIDTH = 10_000
"""Columns where no terminal is: whoever reads the lines by machine wants them whole."""

LABEL_WIDTH = 10


class Screen:
    """Standard output and error of one command. is_json: people's lines are left out."""

    def __init__(
        self, *, out: OutputWrapper, err: OutputWrapper, is_json: bool, has_color: bool
    ) -> None:
        out.ending = ""  # rich ends its own lines
        self._out, self._err = out, err
        self.is_json = is_json
        self.is_terminal = out.isatty()
        self.console = Console(
            file=cast("IO[str]", out),
            width=None if self.is_terminal else PIPED_WIDTH,
            no_color=None if has_color else True,
            highlight=False,
            markup=False,  # names may hold square brackets
            emoji=False,
        )

    def say(self, line: str = "", *, style: str | None = None) -> None:
        """Write a line for people."""
        if not self.is_json:
            self.console.print(line, style=style, soft_wrap=True)

    def show_table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write a table for people; None is an empty cell."""
        if self.is_json:
            return
        table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for row in rows:
            table.add_row(*("" if cell is None else str(cell) for cell in row))
        self.console.print(table)

    def show_facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Write labels and what they stand for, one below the other, for people."""
        for label, value in facts:
            self.say(f"  {label:<{LABEL_WIDTH}} {value}")

    def show_json(self, document: Any) -> None:  # noqa: ANN401 (any JSON value)
        """Write the one document for scripts."""
        if self.is_json:
            self._out.write(json.dumps(document, cls=DjangoJSONEncoder, indent=2) + "\n")

    def show_line(self, document: Any) -> None:  # noqa: ANN401 (any JSON value)
        """Write one of many documents for scripts, on a line of its own."""
        if self.is_json:
            self._out.write(json.dumps(document, cls=DjangoJSONEncoder) + "\n")

    def warn(self, line: str) -> None:
        """Write a line to standard error, for people and scripts alike; no error, so not red."""
        self._err.write(line, str)

    def can_ask(self) -> bool:
        """Tell whether somebody sits there who can be asked."""
        return not self.is_json and self.is_terminal and sys.stdin.isatty()

    def ask(self, question: str) -> bool:
        """Ask somebody, and tell whether they said yes."""
        self.console.print(f"{question} [y/N] ", end="")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
