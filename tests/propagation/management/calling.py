"""Call a command as a shell does, and keep what it wrote and what it ended with."""

import json
from dataclasses import dataclass
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError

USAGE = 2


@dataclass(frozen=True, kw_only=True)
class Called:
    """What a command ended with, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 (any JSON value)
        """The one document that it wrote."""
        return json.loads(self.out)


class Terminal(StringIO):
    """What passes for a terminal."""

    def isatty(self) -> bool:
        """Tell that it is one."""
        return True


def call(*arguments: object, out: StringIO | None = None) -> Called:
    """Call the command with these arguments; out: where it writes."""
    written, err, code = out or StringIO(), StringIO(), 0
    try:
        call_command(*map(str, arguments), stdout=written, stderr=err)
    except CommandError as error:
        # A shell gets 2 for what argparse refuses; call_command gets a CommandError without it.
        code = USAGE if str(error).startswith("Error: ") else error.returncode
        err.write(str(error))
    except SystemExit as ended:
        code = int(ended.code or 0)
    return Called(code=code, out=written.getvalue(), err=err.getvalue())
